package dev.irpo.run;

import java.util.List;

/// Log-probabilities of the same pairs while a model is trained: the content of `log-probs.json`.
///
/// @param pairs how many
/// @param steps M_{t−1}, and the checkpoints in their order
public record MeasuredLogProbs(int pairs, List<AtStep> steps) {
  /// Means over the pairs, in nats.
  ///
  /// @param step 0 for M_{t−1}
  /// @param chosen ln M(chosen | prompt)
  /// @param rejected ln M(rejected | prompt)
  public record AtStep(int step, double chosen, double rejected) {}

  /// Copies the list.
  public MeasuredLogProbs {
    steps = List.copyOf(steps);
  }
}
