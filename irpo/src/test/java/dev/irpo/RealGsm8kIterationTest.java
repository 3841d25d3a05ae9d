package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RealGsm8kIterationTest {
  private static final int PROBLEMS = 32;

  @TempDir private Path folder;

  private static RunConfig config() {
    Path gsm8k = ForeignData.path("gsm8k");
    return RunConfig.of(Preset.PAPER_V1)
        .with(
            "iterations=1",
            "task.trainFile=" + gsm8k.resolve("train.jsonl"),
            "task.testFile=" + gsm8k.resolve("test.jsonl"),
            "task.trainProblems=" + PROBLEMS,
            "task.heldOutProblems=0",
            "task.testProblems=1",
            "rollouts.perPrompt=2",
            "rollouts.maxNewTokens=32",
            "pairs.perPrompt=1",
            "train.steps=2",
            "train.batchSize=8",
            "train.tokenBudget=1024",
            "optimizer.learningRate=1e-4",
            "evaluate.majoritySamples=0");
  }

  @Test
  void everyWinnerIsAGoldSolutionAndEveryLoserSampled() throws IOException {
    RunConfig config = config();
    RunFolder run = new RunFolder(folder.resolve("run"));
    run.open(config);
    try (StoredModel stories = ModelFormats.open(TestData.stories())) {
      ArrowModelWriter.keepingTypes().write(run.startModel(), stories);
    }
    try (Backend backend = new CpuBackend(2)) {
      new IterationLoop(config, run, backend, Progress.NONE).run();
      check(config, run, TestData.open(backend, run.startModel()));
    }
    assertTrue(Files.exists(run.evaluation(1)));
    assertNotEquals(
        -1, Files.mismatch(weights(run.model(0)), weights(run.model(1))), "M_1 learnt nothing");
  }

  private static Path weights(Path model) {
    return model.resolve("weights-00001-of-00001.arrow");
  }

  private static void check(RunConfig config, RunFolder run, LanguageModel model)
      throws IOException {
    Task task = Tasks.open(config.task(), config.seed());
    Map<String, Problem> problems =
        task.problems(Split.TRAIN).stream()
            .collect(Collectors.toMap(Problem::id, Function.identity()));
    List<Rollout> rollouts = TableReader.readAll(run.rollouts(1).part(0), Rollout::of);
    assertEquals(2 * PROBLEMS, rollouts.size());
    assertTrue(rollouts.stream().allMatch(rollout -> rollout.grader().equals("number-v2")));
    List<PreferencePair> pairs = TableReader.readAll(run.rollouts(1).pairs(), PreferencePair::of);
    long dropped;
    try (var lines = Files.lines(run.rollouts(1).dropped())) {
      dropped = lines.count();
    }
    assertFalse(pairs.isEmpty());
    assertEquals(PROBLEMS, pairs.size() + dropped);
    for (PreferencePair pair : pairs) {
      Problem problem = problems.get(pair.problemId());
      String gold = task.goldResponse(problem).orElseThrow();
      assertEquals(PreferencePair.GOLD, pair.chosenSample());
      assertArrayEquals(
          model.text().finishedResponseIds(task.prompt(problem), gold), pair.chosenIds());
      assertArrayEquals(model.text().promptIds(task.prompt(problem)), pair.promptIds());
      Rollout loser =
          rollouts.stream()
              .filter(rollout -> rollout.problemId().equals(pair.problemId()))
              .filter(rollout -> rollout.sample() == pair.rejectedSample())
              .findFirst()
              .orElseThrow();
      assertArrayEquals(loser.responseIds(), pair.rejectedIds());
      assertEquals(0, loser.reward());
    }
  }
}
