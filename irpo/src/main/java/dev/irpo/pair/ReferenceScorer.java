package dev.irpo.pair;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.irpo.distributed.Group;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Scores sequences under a reference. Of several processes, which all ask for the same, each
/// scores some and has the results of all.
///
/// @param scorer with the reference's weights, the same in every process
/// @param group of the processes
/// @param listener watches this process
public record ReferenceScorer(Scorer scorer, Group group, Listener listener) {
  /// Watches a process that scores.
  @FunctionalInterface
  public interface Listener {
    /// Called after each micro-batch.
    ///
    /// @param scored sequences
    /// @param own sequences that this process scores of those that were asked for
    void scored(int scored, int own);
  }

  private static final int NONE = -1;

  /// A scorer of one process.
  public static ReferenceScorer alone(Scorer scorer) {
    return new ReferenceScorer(scorer, Group.alone(), (_, _) -> {});
  }

  /// ln M(response | prompt) of each sequence, with the same bits for any number of processes.
  ///
  /// @throws NotFiniteException in all processes as [Scorer#score], for the first that fails
  public List<Float> logProbs(List<Sequence> sequences) {
    List<Float> logProbs = new ArrayList<>();
    for (byte[] part : group.allGatherBytes(part(sequences))) {
      ByteBuffer bytes = ByteBuffer.wrap(part);
      int failed = bytes.getInt();
      if (failed != NONE) {
        throw new NotFiniteException(UTF_8.decode(bytes).toString(), failed);
      }
      while (bytes.hasRemaining()) {
        logProbs.add(bytes.getFloat());
      }
    }
    return logProbs;
  }

  /// What this process scores, a range because neighbours share a prompt: the index of the sequence
  /// that is not finite and what that says, or [#NONE] and the log-probabilities.
  private byte[] part(List<Sequence> sequences) {
    int begin = bound(sequences.size(), group.rank());
    int end = bound(sequences.size(), group.rank() + 1);
    try {
      ByteBuffer part = ByteBuffer.allocate(Integer.BYTES + Float.BYTES * (end - begin));
      part.putInt(NONE);
      List<SequenceScore> scores =
          scorer.score(
              sequences.subList(begin, end), scored -> listener.scored(scored, end - begin));
      for (SequenceScore score : scores) {
        part.putFloat(score.logProb());
      }
      return part.array();
    } catch (NotFiniteException e) {
      byte[] fact = e.fact().getBytes(UTF_8);
      int failed = begin + (int) e.item();
      return ByteBuffer.allocate(Integer.BYTES + fact.length).putInt(failed).put(fact).array();
    }
  }

  private int bound(int count, int rank) {
    return Math.toIntExact((long) count * rank / group.size());
  }
}
