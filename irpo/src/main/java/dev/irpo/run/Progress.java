package dev.irpo.run;

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

    @Override
    void close();
  }
}
