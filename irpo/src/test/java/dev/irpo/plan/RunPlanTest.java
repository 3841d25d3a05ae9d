package dev.irpo.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Prompts;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.run.SmallRun;
import dev.irpo.task.Split;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The stages of a plan are those of the loop.
class RunPlanTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=2", "train.evaluateEverySteps=3", "evaluate.majoritySamples=3");
  private static final Roofline.Device DEVICE = new Roofline.Device(1e9, 1e9, false);

  @TempDir private Path temporary;

  private static RunPlan plan(RunConfig config, LanguageModel model) throws IOException {
    Map<Split, PromptCounts> splits =
        PromptCounts.of(
            config,
            new Prompts(
                Tasks.open(config.task(), config.seed()), model.tokenizer(), model.config()));
    WorkPlan work = WorkPlan.of(model.config(), config, RunPlan.longest(splits), 1);
    return RunPlan.of(config, splits, work, DEVICE);
  }

  private static List<Stage> named(RunPlan plan, String name) {
    return plan.iteration().stream().filter(stage -> stage.name().startsWith(name)).toList();
  }

  private static long bytes(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void aRunDoesWhatIsPlannedAndNoMore() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      RunPlan plan = plan(CONFIG, tiny);
      RunFolder folder = new RunFolder(temporary.resolve("run"));
      folder.open(CONFIG);
      tiny.save(folder.startModel());
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();

      List<Rollout> rollouts = TableReader.readAll(folder.rollouts(1).part(0), Rollout::of);
      assertEquals(named(plan, "sample").getFirst().items(), rollouts.size());
      assertEquals(
          named(plan, "sample held-out").getFirst().items(),
          TableReader.readAll(folder.retrainRollouts(1).part(0), Rollout::of).size());
      for (int i = 0; i < 2; i++) {
        Path pairs = List.of(folder.rollouts(1), folder.retrainRollouts(1)).get(i).pairs();
        assertEquals(
            named(plan, "pair").get(i).items(),
            TableReader.readAll(pairs, PreferencePair::of).size());
      }
      Path checkpoints = folder.training(1).checkpoints();
      assertEquals("choose of 2 checkpoints", named(plan, "choose").getFirst().name());
      try (Stream<Path> entries = Files.list(checkpoints)) {
        assertEquals(3, entries.filter(Files::isDirectory).count(), "steps 3, 4 and 6");
      }
      long planned = plan.iterationDiskBytes().get("checkpoints");
      assertEquals(1, bytes(checkpoints) / (double) planned, 0.1);
      assertTrue(bytes(folder.retraining(1).checkpoints()) < 1.1 * planned);
      long prompts = plan.splits().get(Split.TRAIN).promptTokens();
      assertEquals(
          prompts * CONFIG.rollouts().perPrompt(),
          rollouts.stream().mapToLong(rollout -> rollout.promptIds().length).sum());
    }
  }

  @Test
  void aSecondTrainingCountsInWorkTimeAndDisk() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      RunPlan twice = plan(CONFIG, tiny);
      RunPlan once = plan(CONFIG.with("train.retrainWithHeldOut=false"), tiny);
      Stage again = named(twice, "train again").getFirst();
      assertTrue(twice.iterationSeconds() > once.iterationSeconds() + again.seconds());
      assertTrue(twice.iterationFlops() > once.iterationFlops() + again.flops());
      long checkpoints = once.iterationDiskBytes().get("checkpoints");
      assertTrue(twice.totalDiskBytes() > once.totalDiskBytes() + 2 * checkpoints);
      assertTrue(named(once, "train again").isEmpty());
    }
  }

  @Test
  void sumsAreThoseOfTheStages() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      RunPlan plan = plan(CONFIG, TestData.tinyModel(backend));
      double seconds = 0;
      for (Stage stage : plan.start()) {
        seconds += stage.seconds();
      }
      for (Stage stage : plan.iteration()) {
        seconds += 2 * stage.seconds();
        assertTrue(stage.name().equals("pair") || stage.seconds() > 0, stage.name());
      }
      assertEquals(seconds, plan.totalSeconds(), 1e-9 * seconds);
    }
  }

  @Test
  void aRunWithoutHeldOutOrTestProblemsHasNoStagesForThem() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      RunConfig config = CONFIG.with("task.heldOutProblems=0", "evaluate.majoritySamples=0");
      RunPlan plan = plan(config, TestData.tinyModel(backend));
      assertEquals(
          List.of("sample", "score gold solutions", "pair", "train", "evaluate greedily"),
          plan.iteration().stream().map(Stage::name).toList());
      assertFalse(plan.iterationDiskBytes().containsKey("checkpoints of the second training"));
    }
  }

  @Test
  void queriesMeetHalfOfTheirOwnTextAndAllOfTheirPrompt() {
    assertEquals(50, StageCosts.meanKeys(100, 0, 1));
    assertEquals(150, StageCosts.meanKeys(0, 300, 2));
    assertEquals((100 * 50 + 2 * 100 * 150) / 300.0, StageCosts.meanKeys(100, 100, 2));
  }
}
