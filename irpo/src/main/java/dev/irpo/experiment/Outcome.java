package dev.irpo.experiment;

import dev.irpo.run.Evaluation;
import dev.irpo.run.MeasuredLogProbs;
import java.util.List;
import java.util.SequencedMap;

/// What a recipe came to in one draw under one protocol.
///
/// @param settings that the protocol gave it
/// @param folder of its run, relative to the experiment's
/// @param evaluations of M_0, M_1, …
/// @param logProbs of each iteration; none where they were not measured
record Outcome(
    long seed,
    String protocol,
    String recipe,
    SequencedMap<String, String> settings,
    String folder,
    List<Evaluation> evaluations,
    List<MeasuredLogProbs> logProbs) {
  /// Whether it is of the same draw, protocol and recipe.
  boolean isOfSameRun(Outcome other) {
    return seed == other.seed && protocol.equals(other.protocol) && recipe.equals(other.recipe);
  }
}
