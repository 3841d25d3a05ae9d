package dev.irpo.run;

import java.util.Map;

/// Shows how far the stages of a run are.
public interface Progress {
  /// Shows nothing.
  Progress NONE = (stage, total) -> Bar.NONE;

  /// Begins a stage.
  ///
  /// @param total units of work the stage has
  Bar begin(String stage, long total);

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
