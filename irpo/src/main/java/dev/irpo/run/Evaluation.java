package dev.irpo.run;

import dev.irpo.evaluate.Accuracy;

/// Accuracy of a model on the test problems.
///
/// @param greedy of the greedy response
/// @param majority of the answer that most samples give; null where no vote was asked for
/// @param majoritySamples samples that voted on a problem
public record Evaluation(Accuracy greedy, Accuracy majority, int majoritySamples) {}
