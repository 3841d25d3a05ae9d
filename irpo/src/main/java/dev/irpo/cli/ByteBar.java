package dev.irpo.cli;

import dev.irpo.plan.Units;
import dev.irpo.run.Progress;
import java.util.function.LongConsumer;

/// Progress of writing, by bytes. It appears with the first byte, so a refusal is printed alone.
final class ByteBar implements LongConsumer, AutoCloseable {
  private final String stage;
  private final long totalBytes;
  private Progress.Bar bar = Progress.Bar.NONE;
  private long done;

  ByteBar(String stage, long totalBytes) {
    this.stage = stage;
    this.totalBytes = totalBytes;
  }

  /// Adds bytes that were written.
  @Override
  public void accept(long bytes) {
    if (done == 0) {
      bar = new Bars().beginBytes(stage, totalBytes);
    }
    done += bytes;
    bar.at(done, Units.bytes(done));
  }

  @Override
  public void close() {
    bar.close();
  }
}
