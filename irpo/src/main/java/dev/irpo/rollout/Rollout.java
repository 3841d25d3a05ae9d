package dev.irpo.rollout;

import dev.irpo.checkpoints.table.TableRow;
import dev.irpo.checkpoints.table.TableSchema;
import java.util.Optional;

/// A sampled response with its reward.
///
/// @param problem index of the problem in its split
/// @param problemId the problem's own name
/// @param sample number of the response among those of its prompt, from 0
/// @param responseIds sampled token ids, the end-of-sequence token included if it was sampled
/// @param tokenLogProbs the model's own log-probability of each, in nats, at temperature 1
/// @param text what the response adds to the text of its prompt
/// @param finish `stop` or `length`
/// @param extracted the answer that the grader read
/// @param reward r, 0 to 1; of exact match 1 where the answer equals the gold answer, else 0
/// @param grader name of the grader
public record Rollout(
    int problem,
    String problemId,
    int sample,
    int[] promptIds,
    int[] responseIds,
    float[] tokenLogProbs,
    String text,
    String finish,
    Optional<String> extracted,
    float reward,
    String grader) {
  /// Columns of `rollouts/part-*.arrow`.
  public static final TableSchema<Rollout> SCHEMA =
      new TableSchema<Rollout>()
          .int32("problem", Rollout::problem)
          .utf8("problemId", Rollout::problemId)
          .int32("sample", Rollout::sample)
          .int32List("promptIds", Rollout::promptIds)
          .int32List("responseIds", Rollout::responseIds)
          .float32List("tokenLogProbs", Rollout::tokenLogProbs)
          .utf8("text", Rollout::text)
          .utf8("finish", Rollout::finish)
          .nullableUtf8("extracted", rollout -> rollout.extracted().orElse(null))
          .float32("reward", Rollout::reward)
          .utf8("grader", Rollout::grader);

  /// Reads a row of [#SCHEMA].
  public static Rollout of(TableRow row) {
    return new Rollout(
        row.int32("problem"),
        row.utf8("problemId"),
        row.int32("sample"),
        row.int32List("promptIds"),
        row.int32List("responseIds"),
        row.float32List("tokenLogProbs"),
        row.utf8("text"),
        row.utf8("finish"),
        row.nullableUtf8("extracted"),
        row.float32OrInt32("reward"),
        row.utf8("grader"));
  }
}
