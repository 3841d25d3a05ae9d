package dev.irpo.rollout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableSchema;
import dev.irpo.checkpoints.table.TableWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RolloutTest {
  @TempDir private Path folder;

  private static Rollout rollout(float reward) {
    int[] ids = {5};
    Optional<String> answer = Optional.of("7");
    return new Rollout(
        3, "train-4", 2, ids, ids, new float[1], "so 7", "stop", answer, reward, "number-v1");
  }

  /// The columns with another one for the reward.
  private static TableSchema<Rollout> columns(TableSchema<Rollout> reward) {
    return reward
        .int32("problem", Rollout::problem)
        .utf8("problemId", Rollout::problemId)
        .int32("sample", Rollout::sample)
        .int32List("promptIds", Rollout::promptIds)
        .int32List("responseIds", Rollout::responseIds)
        .float32List("tokenLogProbs", Rollout::tokenLogProbs)
        .utf8("text", Rollout::text)
        .utf8("finish", Rollout::finish)
        .nullableUtf8("extracted", row -> row.extracted().orElse(null))
        .utf8("grader", Rollout::grader);
  }

  private List<Float> rewards(TableSchema<Rollout> schema, Float... rewards) throws IOException {
    Path file = folder.resolve("part.arrow");
    TableWriter.writeAll(
        file, schema, List.of(rewards).stream().map(RolloutTest::rollout).toList());
    return TableReader.readAll(file, Rollout::of).stream().map(Rollout::reward).toList();
  }

  @Test
  void aRewardIsReadToTheBit() throws IOException {
    assertEquals(List.of(0f, 0.1f, 1f), rewards(Rollout.SCHEMA, 0f, 0.1f, 1f));
  }

  @Test
  void wholeRewardsOfOlderFilesAreRead() throws IOException {
    TableSchema<Rollout> older =
        columns(new TableSchema<Rollout>().int32("reward", row -> (int) row.reward()));
    assertEquals(List.of(1f, 0f), rewards(older, 1f, 0f));
  }

  @Test
  void aRewardOfAnotherTypeIsRefused() {
    TableSchema<Rollout> words =
        columns(new TableSchema<Rollout>().utf8("reward", row -> "all of it"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> rewards(words, 1f)).getMessage();
    assertTrue(message.contains("column 'reward'"), message);
  }
}
