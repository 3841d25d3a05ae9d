package dev.irpo.cli;

import dev.irpo.run.Progress;
import java.util.Locale;
import java.util.function.LongConsumer;

/// Progress of writing, by bytes.
final class ByteBar implements LongConsumer, AutoCloseable {
  private final Progress.Bar bar;
  private long done;

  ByteBar(String stage, long totalBytes) {
    this.bar = new Bars().begin(stage, totalBytes);
  }

  /// So many bytes more.
  @Override
  public void accept(long bytes) {
    done += bytes;
    bar.at(done, gigabytes(done));
  }

  @Override
  public void close() {
    bar.close();
  }

  static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GB", bytes / 1e9);
  }
}
