package dev.irpo.transformer.train;

import java.util.SequencedMap;

/// What the micro-batches of a step gave.
///
/// @param loss the sum over items
/// @param metrics by name as the loss calls them, a number for each item in their order; the sums
///   of log-probabilities are among them under their own names
/// @param rows rows of the transformer that held a token
public record StepResult(double loss, SequencedMap<String, float[]> metrics, long rows) {}
