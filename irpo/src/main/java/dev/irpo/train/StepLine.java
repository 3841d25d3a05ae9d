package dev.irpo.train;

import java.util.Locale;

/// What one optimizer step came to: a line of `metrics.jsonl`.
public sealed interface StepLine permits StepMetrics, SupervisedTraining.Step {
  /// The step, from 1.
  int step();

  /// The mean loss.
  double loss();

  /// The same for a progress bar.
  default String message() {
    return String.format(Locale.ROOT, "loss %.3f", loss());
  }
}
