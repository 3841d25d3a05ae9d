package dev.irpo.report;

import java.util.List;

/// Rollouts that the page shows, all of a problem together, and the pairs that they went into.
record ShownRollouts(List<List<ShownRollout>> problems, List<ShownPair> pairs) {
  /// A preference pair by the numbers of its samples, −1 for the gold solution.
  ///
  /// @param chosenLogProb under the reference; null where the loss reads none
  /// @param rejectedLogProb the same
  record ShownPair(
      String problemId, int chosen, int rejected, Float chosenLogProb, Float rejectedLogProb) {}
}
