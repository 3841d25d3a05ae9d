package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.train.PreferenceTraining;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The paper's second training of an iteration, with the held-out problems included.
class RetrainTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1", "train.evaluateEverySteps=2", "evaluate.majoritySamples=0");
  private static final String WEIGHTS = "weights-00001-of-00001.arrow";

  @TempDir private Path temporary;

  private RunFolder run(RunConfig config, Backend backend) throws IOException {
    RunFolder folder = SmallRun.begin(config, backend, temporary.resolve("run"));
    new IterationLoop(config, folder, backend, Progress.NONE).run();
    return folder;
  }

  private static Set<String> ids(RunConfig config, Split... splits) throws IOException {
    Stream.Builder<String> ids = Stream.builder();
    for (Split split : splits) {
      Tasks.open(config.task(), config.seed()).problems(split).stream()
          .map(Problem::id)
          .forEach(ids);
    }
    return ids.build().collect(Collectors.toSet());
  }

  private static List<PreferencePair> pairs(RolloutFolder folder) throws IOException {
    return TableReader.readAll(folder.pairs(), PreferencePair::of);
  }

  private static Set<String> idsOfPairs(RolloutFolder folder) throws IOException {
    return pairs(folder).stream().map(PreferencePair::problemId).collect(Collectors.toSet());
  }

  @Test
  void theHeldOutProblemsAreSampledPairedAndTrainedOnInTheSecondTrainingAlone() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(CONFIG, backend);
      RolloutFolder second = folder.retrainRollouts(1);
      assertEquals(ids(CONFIG, Split.TRAIN), idsOfPairs(folder.rollouts(1)));
      assertEquals(ids(CONFIG, Split.TRAIN, Split.HELD_OUT), idsOfPairs(second));
      List<Rollout> rollouts = TableReader.readAll(second.part(0), Rollout::of);
      assertEquals(
          ids(CONFIG, Split.HELD_OUT),
          rollouts.stream().map(Rollout::problemId).collect(Collectors.toSet()));
      assertEquals(12, rollouts.getFirst().problem(), "numbered after the 12 train problems");
      RolloutCounts counts = RunFolder.readJson(second.counts(), RolloutCounts.class);
      assertEquals(new RolloutCounts(12, counts.correct(), 36, 0, counts.dropped()), counts);
    }
  }

  @Test
  void theSecondTrainingTakesTheChosenStepsFromTheModelBeforeTheFirst() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(CONFIG, backend);
      ChosenCheckpoint chosen = RunFolder.readJson(folder.chosen(1), ChosenCheckpoint.class);
      int best = 0;
      int most = -1;
      for (int step = 2; step <= 6; step += 2) {
        int correct = RunFolder.readJson(folder.heldOut(1, step), Accuracy.class).correct();
        best = correct >= most ? step : best;
        most = Math.max(most, correct);
      }
      assertEquals(new ChosenCheckpoint(best, 6), chosen);

      LanguageModel policy = TestData.open(backend, folder.model(0));
      PreferenceTraining again =
          new PreferenceTraining(CONFIG, backend, policy, pairs(folder.retrainRollouts(1)), 1);
      again.requirePolicyIsReference();
      again.runTo(chosen.step(), line -> {});
      policy.save(temporary.resolve("again"));
      Path model = folder.model(1).resolve(WEIGHTS);
      assertEquals(-1, Files.mismatch(temporary.resolve("again").resolve(WEIGHTS), model));
      Path first = folder.training(1).checkpoint(chosen.step()).resolve(WEIGHTS);
      assertNotEquals(-1, Files.mismatch(first, model), "the held-out pairs changed nothing");

      double dpo =
          new ObjectMapper()
              .readTree(Files.readAllLines(folder.retraining(1).metrics()).getFirst())
              .get("dpo")
              .asDouble();
      assertEquals(Math.log(2), dpo, 1e-6);
      assertEquals(chosen.step(), Files.readAllLines(folder.retraining(1).metrics()).size());
    }
  }

  @Test
  void anEarlierCheckpointIsRepeatedAtTheRatesOfTheFirstTraining() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = SmallRun.begin(CONFIG, backend, temporary.resolve("run"));
      RunFolder.writeJson(folder.chosen(1), new ChosenCheckpoint(3, 6));
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();
      List<String> lines = Files.readAllLines(folder.retraining(1).metrics());
      assertEquals(3, lines.size());
      assertEquals(
          1e-3 * 4 / 6,
          new ObjectMapper().readTree(lines.get(2)).get("learningRate").asDouble(),
          1e-12,
          "linear over 6 steps");
      assertTrue(Files.exists(folder.retraining(1).checkpoint(3)));
    }
  }

  @Test
  void pairsBeyondTheMostAreDrawnAndCountedInBothTrainings() throws IOException {
    RunConfig config = CONFIG.with("pairs.atMost=20");
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(config, backend);
      for (RolloutFolder files : List.of(folder.rollouts(1), folder.retrainRollouts(1))) {
        RolloutCounts counts = RunFolder.readJson(files.counts(), RolloutCounts.class);
        assertEquals(20, pairs(files).size());
        assertEquals(20, counts.pairs());
      }
      RolloutCounts first = RunFolder.readJson(folder.rollouts(1).counts(), RolloutCounts.class);
      RolloutCounts second =
          RunFolder.readJson(folder.retrainRollouts(1).counts(), RolloutCounts.class);
      assertEquals(24 - 20, first.notDrawn());
      assertEquals(20 + 12 - 20, second.notDrawn());
    }
  }

  @Test
  void nothingIsTrainedTwiceWhereNoHeldOutProblemChooses() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(CONFIG.with("train.evaluateEverySteps=0"), backend);
      assertFalse(Files.exists(folder.retrain(1)));
      assertTrue(Files.exists(folder.model(1)));
    }
  }

  @Test
  void nothingIsTrainedTwiceWithADevSetOfItsOwn() throws IOException {
    Path file = temporary.resolve("own.jsonl");
    Files.writeString(file, "{\"question\":\"2+2?\",\"answer\":4,\"solution\":\"Add.\"}\n");
    RunConfig config =
        CONFIG.with(
            "task.name=custom",
            "task.trainProblems=0",
            "task.testProblems=0",
            "task.trainFile=" + file,
            "task.devFile=" + file,
            "task.testFile=" + file);
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(config, backend);
      assertTrue(Files.exists(folder.heldOut(1, 2)));
      assertFalse(Files.exists(folder.retrain(1)));
    }
  }
}
