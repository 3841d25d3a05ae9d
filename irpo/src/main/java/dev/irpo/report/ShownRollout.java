package dev.irpo.report;

import dev.irpo.rollout.Rollout;
import dev.irpo.transformer.LogProbs;

/// A rollout as the page shows it.
///
/// @param answer null where the grader read none
/// @param isRight whether it is a winner
/// @param isDuplicate whether an earlier sample of the problem has the same tokens
/// @param logProb ln M(response | prompt) of the model that sampled it
record ShownRollout(
    String problemId,
    int sample,
    String text,
    String answer,
    float reward,
    boolean isRight,
    boolean isTruncated,
    boolean isDuplicate,
    int tokens,
    float logProb) {
  static ShownRollout of(Rollout rollout, boolean isRight, boolean isDuplicate) {
    return new ShownRollout(
        rollout.problemId(),
        rollout.sample(),
        rollout.text(),
        rollout.extracted().orElse(null),
        rollout.reward(),
        isRight,
        isTruncated(rollout),
        isDuplicate,
        rollout.responseIds().length,
        LogProbs.sum(rollout.tokenLogProbs()));
  }

  /// Whether it ended because it was too long.
  static boolean isTruncated(Rollout rollout) {
    return rollout.finish().equals("length");
  }
}
