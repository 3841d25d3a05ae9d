package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.InProcess;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.score.Scorer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Log-probabilities of the same pairs under each checkpoint.
class LogProbStageTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1",
          "task.testProblems=0",
          "train.evaluateEverySteps=3",
          "train.keepCheckpoints=1",
          "train.retrainWithHeldOut=false",
          "evaluate.pairs=5");

  @TempDir private Path temporary;

  private RunFolder run(RunConfig config, Backend backend) throws IOException {
    RunFolder folder = SmallRun.begin(config, backend, temporary.resolve("run"));
    new IterationLoop(config, folder, backend, Progress.NONE).run();
    return folder;
  }

  private static MeasuredLogProbs read(RunFolder folder) throws IOException {
    return RunFolder.readJson(folder.logProbs(1), MeasuredLogProbs.class);
  }

  @Test
  void theyAreWhatTheScorerSaysOfPairsSpreadOverAll() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(CONFIG, backend);
      MeasuredLogProbs measured = read(folder);
      assertEquals(
          List.of(0, 3, 4, 6),
          measured.steps().stream().map(MeasuredLogProbs.AtStep::step).toList());
      List<PreferencePair> all =
          TableReader.readAll(folder.rollouts(1).pairs(), PreferencePair::of);
      List<PreferencePair> some =
          List.of(0, 1, 2, 3, 4).stream().map(i -> all.get(i * all.size() / 5)).toList();
      assertEquals(5, measured.pairs());
      assertMeans(some, measured.steps().getFirst());

      LanguageModel last =
          TestData.open(backend, folder.training(1).checkpoint(6)); // kept: the newest
      Scorer scorer = new Scorer(backend, last.parameters(), 1024);
      List<PreferencePair> scored = PairFile.withReference(some, ReferenceScorer.alone(scorer));
      assertMeans(scored, measured.steps().getLast());
      assertNotEquals(measured.steps().getFirst().chosen(), measured.steps().getLast().chosen());
    }
  }

  private static void assertMeans(List<PreferencePair> pairs, MeasuredLogProbs.AtStep measured) {
    double chosen = pairs.stream().mapToDouble(PreferencePair::chosenReferenceLogProb).sum();
    double rejected = pairs.stream().mapToDouble(PreferencePair::rejectedReferenceLogProb).sum();
    assertEquals(chosen / pairs.size(), measured.chosen(), 1e-12);
    assertEquals(rejected / pairs.size(), measured.rejected(), 1e-12);
  }

  @Test
  void checkpointsGoOnceTheyAreMeasuredAndAreMadeAgain() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = run(CONFIG, backend);
      MeasuredLogProbs before = read(folder);
      assertFalse(Files.exists(folder.training(1).checkpoint(4)));
      Files.delete(folder.logProbs(1));
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();
      assertEquals(before, read(folder));
    }
  }

  @Test
  void processesMeasureTheSame() throws IOException {
    RunConfig config = CONFIG.with("train.reproducible=true");
    MeasuredLogProbs alone;
    try (Backend backend = new CpuBackend(1)) {
      alone = read(run(config, backend));
    }
    Path shared = temporary.resolve("shared");
    try (Backend backend = new CpuBackend(1)) {
      var _ = SmallRun.begin(config, backend, shared);
    }
    var _ =
        InProcess.run(
            2,
            group -> {
              try (Backend backend = new CpuBackend(1)) {
                new IterationLoop(
                        config,
                        new RunFolder(shared),
                        backend,
                        group,
                        Progress.NONE,
                        Optional.empty())
                    .run();
              }
              return "";
            });
    assertEquals(alone, read(new RunFolder(shared)));
  }

  @Test
  void goldSolutionsHaveNothingToMeasure() throws IOException {
    RunConfig config = CONFIG.with("pairs.source=gold", "loss.kind=sft");
    try (Backend backend = new CpuBackend(1)) {
      RunFolder folder = SmallRun.begin(config, backend, temporary.resolve("run"));
      IllegalArgumentException error =
          assertThrows(
              IllegalArgumentException.class,
              () -> new IterationLoop(config, folder, backend, Progress.NONE));
      assertTrue(error.getMessage().contains("evaluate.pairs=0"), error.getMessage());
    }
  }
}
