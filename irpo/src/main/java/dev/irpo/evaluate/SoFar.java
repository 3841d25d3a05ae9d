package dev.irpo.evaluate;

/// How far an evaluation is, for those who watch it.
///
/// @param responses that are finished, of all processes as far as this one knows
/// @param accuracy of the problems that are answered, of all processes as of the last one that this
///   process answered
public record SoFar(long responses, Accuracy accuracy) {
  /// Watches an evaluation.
  @FunctionalInterface
  public interface Listener {
    /// Called again and again while responses are sampled.
    void at(SoFar soFar);
  }

  /// The accuracy as people read it; nothing as long as no problem is answered.
  public String text() {
    return accuracy.total() == 0
        ? ""
        : "%s %% of %d".formatted(accuracy.percent(), accuracy.total());
  }
}
