package dev.irpo.report;

import dev.irpo.evaluate.Accuracy;
import dev.irpo.run.Evaluation;

/// Accuracy of M_t on the test problems.
///
/// @param iteration t
/// @param majority null where no vote was asked for
/// @param votes samples that voted on a problem
record EvaluatedModel(int iteration, Share greedy, Share majority, int votes) {
  /// A share of right answers in percent.
  ///
  /// @param standardError over problems, √(p·(1 − p)/n)
  record Share(int correct, int total, double percent, double standardError) {
    static Share of(Accuracy accuracy) {
      return new Share(
          accuracy.correct(),
          accuracy.total(),
          100 * accuracy.share(),
          100 * accuracy.standardError());
    }
  }

  static EvaluatedModel of(int iteration, Evaluation evaluation) {
    return new EvaluatedModel(
        iteration,
        Share.of(evaluation.greedy()),
        evaluation.majority() == null ? null : Share.of(evaluation.majority()),
        evaluation.majoritySamples());
  }
}
