package dev.irpo.evaluate;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.irpo.distributed.Group;
import dev.irpo.rollout.Rollout;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What an evaluation needs of a response.
///
/// @param problem index of the problem
/// @param sample number of the response among those of its prompt
/// @param extracted the answer that the grader read
record Verdict(int problem, int sample, float reward, Optional<String> extracted) {
  static Verdict of(Rollout response) {
    return new Verdict(
        response.problem(), response.sample(), response.reward(), response.extracted());
  }

  /// Those of all processes, in the order of problem and sample.
  static List<Verdict> ofAll(Group group, List<Verdict> own) {
    List<Verdict> all = new ArrayList<>();
    try {
      for (byte[] bytes : group.allGatherBytes(bytes(own))) {
        read(bytes, all);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // bytes are in memory
    }
    all.sort(Comparator.comparingInt(Verdict::problem).thenComparingInt(Verdict::sample));
    return all;
  }

  private static byte[] bytes(List<Verdict> verdicts) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeInt(verdicts.size());
    for (Verdict verdict : verdicts) {
      out.writeInt(verdict.problem);
      out.writeInt(verdict.sample);
      out.writeFloat(verdict.reward);
      byte[] answer = verdict.extracted.orElse("").getBytes(UTF_8);
      out.writeInt(verdict.extracted.isPresent() ? answer.length : -1);
      out.write(answer);
    }
    return bytes.toByteArray();
  }

  private static void read(byte[] bytes, List<Verdict> verdicts) throws IOException {
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes));
    for (int left = in.readInt(); left > 0; left--) {
      int problem = in.readInt();
      int sample = in.readInt();
      float reward = in.readFloat();
      int length = in.readInt();
      Optional<String> answer =
          length < 0 ? Optional.empty() : Optional.of(new String(in.readNBytes(length), UTF_8));
      verdicts.add(new Verdict(problem, sample, reward, answer));
    }
  }
}
