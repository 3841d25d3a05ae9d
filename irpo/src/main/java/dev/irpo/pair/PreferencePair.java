package dev.irpo.pair;

import dev.irpo.checkpoints.table.TableRow;
import dev.irpo.checkpoints.table.TableSchema;
import dev.irpo.transformer.train.TrainItem;

/// A preferred and a rejected response to one prompt, with what the reference M_t says of them.
///
/// @param problemId the problem's own name
/// @param chosenSample number of the chosen sample, −1 for the gold solution
/// @param rejectedSample number of the rejected sample, −2 where nothing is rejected
/// @param chosenReferenceLogProb ln M_t(chosen | prompt), in nats
/// @param rejectedReferenceLogProb ln M_t(rejected | prompt), in nats
public record PreferencePair(
    String problemId,
    int chosenSample,
    int rejectedSample,
    int[] promptIds,
    int[] chosenIds,
    int[] rejectedIds,
    float chosenReferenceLogProb,
    float rejectedReferenceLogProb) {
  /// [#chosenSample] of the gold solution.
  public static final int GOLD = -1;

  /// [#rejectedSample] where nothing is rejected.
  public static final int NONE = -2;

  /// Columns of `pairs.arrow`.
  public static final TableSchema<PreferencePair> SCHEMA =
      new TableSchema<PreferencePair>()
          .utf8("problemId", PreferencePair::problemId)
          .int32("chosenSample", PreferencePair::chosenSample)
          .int32("rejectedSample", PreferencePair::rejectedSample)
          .int32List("promptIds", PreferencePair::promptIds)
          .int32List("chosenIds", PreferencePair::chosenIds)
          .int32List("rejectedIds", PreferencePair::rejectedIds)
          .float32("chosenReferenceLogProb", PreferencePair::chosenReferenceLogProb)
          .float32("rejectedReferenceLogProb", PreferencePair::rejectedReferenceLogProb);

  /// Reads a row of [#SCHEMA].
  public static PreferencePair of(TableRow row) {
    return new PreferencePair(
        row.utf8("problemId"),
        row.int32("chosenSample"),
        row.int32("rejectedSample"),
        row.int32List("promptIds"),
        row.int32List("chosenIds"),
        row.int32List("rejectedIds"),
        row.float32("chosenReferenceLogProb"),
        row.float32("rejectedReferenceLogProb"));
  }

  /// The same as something to learn from.
  public TrainItem.Pair item() {
    return new TrainItem.Pair(
        promptIds, chosenIds, rejectedIds, chosenReferenceLogProb, rejectedReferenceLogProb);
  }

  /// Tokens of the prompt with the longer response.
  public int longestTokens() {
    return promptIds.length + Math.max(chosenIds.length, rejectedIds.length);
  }
}
