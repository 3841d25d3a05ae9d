package dev.irpo.transformer.train;

import java.util.SequencedMap;

/// What the micro-batches of a step gave.
///
/// @param loss the sum over items, divided
/// @param metrics of the step by the names that the loss gives them
/// @param items a number for each item in their order, by name: the log-probabilities that the loss
///   reads, and each metric that is a mean
/// @param rows rows of the transformer that held a token
public record StepResult(
    double loss,
    SequencedMap<String, Double> metrics,
    SequencedMap<String, float[]> items,
    long rows) {
  /// A log-probability of each item.
  public float[] of(LogProb<?> logProb) {
    return items.get(logProb.name());
  }
}
