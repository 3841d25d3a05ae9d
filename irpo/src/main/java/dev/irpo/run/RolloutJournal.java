package dev.irpo.run;

import dev.irpo.checkpoints.files.WriteFailure;
import dev.irpo.rollout.Rollout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// The responses to each problem as a process finishes it, a [RolloutLine] each, until they are in
/// a part. What a killed process has written stays; a line that it did not end does not count.
final class RolloutJournal implements AutoCloseable {
  /// What the names of journals look like: of the A-th attempt, by process R.
  static final String PATTERN = "journal-\\d{4}-\\d{5}\\.txt";

  private final Path file;
  private final FileChannel channel;

  private RolloutJournal(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /// Begins the journal of a process.
  ///
  /// @param attempt from 1, one more than there are journals of
  static RolloutJournal begin(Path folder, int attempt, int rank) throws IOException {
    Path file = folder.resolve("journal-%04d-%05d.txt".formatted(attempt, rank));
    return new RolloutJournal(
        file, FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  /// Adds a problem.
  void append(int problem, List<Rollout> responses) throws IOException {
    ByteBuffer line = ByteBuffer.wrap(RolloutLine.of(problem, responses));
    try {
      while (line.hasRemaining()) {
        channel.write(line);
      }
    } catch (IOException e) {
      throw WriteFailure.of(file, e);
    }
  }

  /// Makes what was added safe on the disk.
  @Override
  public void close() throws IOException {
    channel.force(true);
    channel.close();
  }
}
