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
import dev.irpo.run.RunStages;
import dev.irpo.run.SmallRun;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
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
    return plan(config, model, DEVICE);
  }

  private static RunPlan plan(RunConfig config, LanguageModel model, Roofline.Device device)
      throws IOException {
    Prompts prompts = Prompts.of(config, model.text(), model.config());
    Map<Split, PromptCounts> splits = PromptCounts.of(config, prompts);
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    splits.forEach((split, counts) -> problems.put(split, counts.problems()));
    Longest longest = Longest.of(splits.values());
    RunPrograms programs = new RunPrograms(model.config(), config, longest);
    try (Backend backend = new CpuBackend(1)) {
      return new RunStages(config, new RunFolder(Path.of("")), problems)
          .plan(new StageCosts(config, programs, splits, device), backend);
    }
  }

  private static List<Work> named(RunPlan plan, String name) {
    return plan.iteration().stream()
        .map(RunPlan.Row::work)
        .filter(work -> work.name().startsWith(name))
        .toList();
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
      long planned = plan.iterationDiskBytes().get(Purpose.CHECKPOINTS);
      assertEquals(1, bytes(checkpoints) / (double) planned, 0.1);
      assertTrue(bytes(folder.retraining(1).checkpoints()) < 1.1 * planned);
      long prompts =
          PromptCounts.of(CONFIG, Prompts.of(CONFIG, tiny.text(), tiny.config()))
              .get(Split.TRAIN)
              .promptTokens();
      assertEquals(
          prompts * CONFIG.rollouts().perPrompt(),
          rollouts.stream().mapToLong(rollout -> rollout.promptIds().length).sum());
    }
  }

  @Test
  void mastersOfRoundedParametersCountInMemoryAndDisk() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      RunPlan single = plan(CONFIG, tiny);
      RunPlan half = plan(CONFIG.with("train.parameterType=f16"), tiny);
      long weights = Float.BYTES * tiny.parameters().layout().numElements();
      assertEquals(
          single.memory().bytes().get(Purpose.WEIGHTS) + weights,
          half.memory().bytes().get(Purpose.WEIGHTS));
      for (Purpose purpose : List.of(Purpose.GRADIENTS, Purpose.OPTIMIZER, Purpose.ACTIVATIONS)) {
        assertEquals(single.memory().bytes().get(purpose), half.memory().bytes().get(purpose));
      }
      assertEquals(
          4 * single.iterationDiskBytes().get(Purpose.CHECKPOINTS),
          3 * half.iterationDiskBytes().get(Purpose.CHECKPOINTS));
    }
  }

  @Test
  void aSecondTrainingCountsInWorkTimeAndDisk() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      RunPlan twice = plan(CONFIG, tiny);
      RunPlan once = plan(CONFIG.with("train.retrainWithHeldOut=false"), tiny);
      Work again = named(twice, "train again").getFirst();
      Work.Amount least = once.iterationAmount().plus(again.amount());
      assertTrue(twice.iterationAmount().seconds() > least.seconds());
      assertTrue(twice.iterationAmount().flops() > least.flops());
      assertTrue(twice.iterationAmount().bytes() > least.bytes());
      long checkpoints = once.iterationDiskBytes().get(Purpose.CHECKPOINTS);
      assertTrue(twice.totalDiskBytes() > once.totalDiskBytes() + 2 * checkpoints);
      assertTrue(named(once, "train again").isEmpty());
    }
  }

  @Test
  void sumsAreThoseOfTheStages() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      RunPlan plan = plan(CONFIG, TestData.tinyModel(backend));
      double seconds = 0;
      for (RunPlan.Row row : plan.start()) {
        seconds += row.work().amount().seconds();
      }
      for (RunPlan.Row row : plan.iteration()) {
        Work work = row.work();
        seconds += 2 * work.amount().seconds();
        assertTrue(work.name().equals("pair") || work.amount().seconds() > 0, work.name());
      }
      assertEquals(seconds, plan.totalAmount().seconds(), 1e-9 * seconds);
    }
  }

  private static Work trained(RunPlan plan) {
    return named(plan, "train").getFirst();
  }

  @Test
  void aTrainingComputesWhatItsLossReadsOfAPair() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      RunConfig config = CONFIG.with("task.heldOutProblems=0");
      RunPlan pairs = plan(config, tiny);
      RunPlan single = plan(config.with("loss.kind=sft"), tiny);
      long responses = 4L * config.train().steps() * config.train().batchSize();
      assertEquals(
          trained(pairs).tokens() - responses, trained(single).tokens(), "4 tokens a response");
      assertTrue(trained(single).amount().flops() < trained(pairs).amount().flops());
      for (String kind : List.of("dpo", "ipo", "simpo")) {
        assertEquals(
            trained(pairs).tokens(),
            trained(plan(config.with("loss.kind=" + kind), tiny)).tokens(),
            kind);
      }
      for (String kind : List.of("sft", "simpo")) {
        RunPlan plan = plan(config.with("loss.kind=" + kind), tiny);
        assertTrue(named(plan, "score").isEmpty(), kind + " has no reference");
        assertFalse(plan.memory().bytes().containsKey(Purpose.SCORING), kind);
      }
    }
  }

  @Test
  void aDeviceThatRoundsWeightsScoresPairsAgain() throws IOException {
    Roofline.Device rounding = new Roofline.Device(1e9, 1e9, true);
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      RunConfig config = CONFIG.with("pairs.atMost=20", "pairs.goldAmongWinners=false");
      RunPlan plan = plan(config, tiny, rounding);
      assertEquals(
          List.of("score pairs again", "score held-out pairs"),
          named(plan, "score").stream().map(Work::name).toList());
      assertEquals(20, named(plan, "score pairs").getFirst().items(), "drawn of 12 · 2");
      assertEquals(12, named(plan, "score held-out pairs").getFirst().items(), "6 · 2");
      assertTrue(named(plan, "score").getFirst().amount().seconds() > 0);
      assertTrue(plan.memory().bytes().containsKey(Purpose.SCORING));
      RunConfig simpo = config.with("loss.kind=simpo");
      assertTrue(named(plan(simpo, tiny, rounding), "score").isEmpty());
      assertTrue(named(plan(config, tiny), "score").isEmpty(), "nothing is rounded");
    }
  }

  @Test
  void aRunWithoutHeldOutOrTestProblemsHasNoStagesForThem() throws IOException {
    try (Backend backend = new CpuBackend(1)) {
      RunConfig config = CONFIG.with("task.heldOutProblems=0", "evaluate.majoritySamples=0");
      RunPlan plan = plan(config, TestData.tinyModel(backend));
      assertEquals(
          List.of("sample", "score gold solutions", "pair", "train", "evaluate greedily"),
          plan.iteration().stream().map(row -> row.work().name()).toList());
      assertFalse(plan.iterationDiskBytes().containsKey(Purpose.SECOND_CHECKPOINTS));
    }
  }

  @Test
  void queriesMeetHalfOfTheirOwnTextAndAllOfTheirPrompt() {
    assertEquals(50, StageCosts.meanKeys(100, 0, 1));
    assertEquals(150, StageCosts.meanKeys(0, 300, 2));
    assertEquals((100 * 50 + 2 * 100 * 150) / 300.0, StageCosts.meanKeys(100, 100, 2));
  }
}
