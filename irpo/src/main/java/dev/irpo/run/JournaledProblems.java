package dev.irpo.run;

import dev.irpo.rollout.Rollout;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// The problems whose responses the [journals][RolloutJournal] of a folder hold, by whichever
/// process and attempt.
final class JournaledProblems {
  private final List<Path> files = new ArrayList<>();
  private final Map<Integer, Place> places = new HashMap<>();

  /// Where a problem's line is, without its end.
  private record Place(Path file, long offset, int bytes) {}

  /// Reads which problems there are.
  static JournaledProblems in(RolloutFolder folder) throws IOException {
    JournaledProblems problems = new JournaledProblems();
    problems.files.addAll(folder.journals());
    for (Path file : problems.files) {
      problems.add(file);
    }
    return problems;
  }

  private void add(Path file) throws IOException {
    try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      long offset = 0;
      for (int next = in.read(); next >= 0; next = in.read()) {
        if (next != '\n') {
          line.write(next);
        } else {
          OptionalInt problem = RolloutLine.problem(line.toByteArray());
          if (problem.isPresent()) {
            places.putIfAbsent(problem.getAsInt(), new Place(file, offset, line.size()));
          }
          offset += line.size() + 1L;
          line.reset();
        }
      }
    }
  }

  /// Whether there is no journal.
  boolean isEmpty() {
    return files.isEmpty();
  }

  /// Whether a problem is there.
  boolean has(int problem) {
    return places.containsKey(problem);
  }

  /// The problems that are there, in their order.
  List<Integer> problems() {
    return places.keySet().stream().sorted().toList();
  }

  /// The responses to a problem that is there.
  List<Rollout> responses(int problem) throws IOException {
    Place place = places.get(problem);
    ByteBuffer line = ByteBuffer.allocate(place.bytes);
    try (FileChannel channel = FileChannel.open(place.file)) {
      while (line.hasRemaining() && channel.read(line, place.offset + line.position()) >= 0) {
        // more of the line
      }
    }
    return RolloutLine.responses(line.array());
  }

  /// Number of the last attempt that left a journal, from 1; 0 where none did.
  int attempts() {
    return files.isEmpty()
        ? 0
        : Integer.parseInt(files.getLast().getFileName().toString().split("-", -1)[1]);
  }

  /// Deletes the journals.
  void delete() throws IOException {
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
