package dev.irpo.run;

import dev.irpo.checkpoints.files.Reading;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.plan.Units;
import java.nio.file.Path;
import java.util.Map;

/// Shows how far the stages of a run are.
public interface Progress {
  /// Bytes of a file whose checksum may take longer than a second.
  long LARGE_BYTES = 1L << 27;

  /// Shows nothing.
  Progress NONE = (stage, total) -> Bar.NONE;

  /// Begins a stage.
  ///
  /// @param total units of work the stage has
  Bar begin(String stage, long total);

  /// Begins a stage whose units are bytes.
  default Bar beginBytes(String stage, long bytes) {
    return begin(stage, bytes);
  }

  /// Checksums of files; the reading of large ones is shown as a stage.
  default SeenChecksums checksums() {
    return new SeenChecksums(this::verify);
  }

  private Reading verify(Path file, long bytes) {
    if (bytes < LARGE_BYTES) {
      return Reading.UNSEEN;
    }
    Bar bar = beginBytes("verify " + file.getFileName(), bytes);
    return new Reading() {
      @Override
      public void at(long done) {
        bar.at(done, Units.bytes(done));
      }

      @Override
      public void close() {
        bar.close();
      }
    };
  }

  /// One stage's progress; closing it ends the stage.
  interface Bar extends AutoCloseable {
    /// Shows nothing.
    Bar NONE =
        new Bar() {
          @Override
          public void at(long done, String message) {}

          @Override
          public void close() {}
        };

    /// Shows how many units are done.
    void at(long done, String message);

    /// The same with numbers for programs that watch, such as accuracy or loss, by name.
    ///
    /// @param message has what people want to know of them
    default void at(long done, String message, Map<String, ? extends Number> metrics) {
      at(done, message);
    }

    @Override
    void close();
  }
}
