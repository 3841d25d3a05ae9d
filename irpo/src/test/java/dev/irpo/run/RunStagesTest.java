package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.RunConfig;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a run has still to do, as the list of its stages tells.
class RunStagesTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=2", "train.evaluateEverySteps=2", "evaluate.majoritySamples=0");

  @TempDir private Path temporary;

  private RunFolder folder() {
    return new RunFolder(temporary.resolve("run"));
  }

  private List<String> states(RunConfig config) throws IOException {
    return RunStages.of(config, folder(), Tasks.open(config.task(), config.seed())).states();
  }

  /// The next stage with how far it is.
  private String next(RunConfig config) throws IOException {
    return RunStages.of(config, folder(), Tasks.open(config.task(), config.seed()))
        .next(new LineCounts())
        .map(next ->
            "%d of %d, %d left, %s: %s"
                .formatted(next.number(), next.stages(), next.left(), next.name(), next.count()))
        .orElse("none");
  }

  /// Runs up to a place in a stage, or to the end.
  private void run(RunConfig config, String stage, long place) throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      if (!Files.exists(folder().startModel())) {
        var _ = SmallRun.begin(config, backend, folder().root());
      }
      Progress progress =
          (name, total) ->
              new Progress.Bar() {
                @Override
                public void at(long done, String message) {
                  if (name.endsWith(stage) && done == place) {
                    throw new IllegalStateException("stopped");
                  }
                }

                @Override
                public void close() {}
              };
      IterationLoop loop = new IterationLoop(config, folder(), backend, progress);
      if (place > 0) {
        assertThrows(IllegalStateException.class, loop::run);
      } else {
        loop.run();
      }
    }
  }

  @Test
  void anInterruptedIterationNamesItsNextStageAndHowFarItIs() throws IOException {
    assertEquals(List.of("not begun", "not begun"), states(CONFIG));
    String none = "1 of 19, 19 left, M_0 evaluate: null";
    assertEquals(none, next(CONFIG));
    run(CONFIG, "iteration 1 sample", 8);
    String sampling = next(CONFIG);
    assertTrue(sampling.startsWith("2 of 19, 18 left, iteration 1 sample: Count[done="), sampling);
    run(CONFIG, "iteration 1 train", 5);
    String training = "4 of 19, 16 left, iteration 1 train: Count[done=5, total=6, unit=steps]";
    assertEquals(training, next(CONFIG));
    assertEquals(
        List.of(
            "7 stages left, next: iteration 1 train (last checkpoint at step 4 of 6)", "not begun"),
        states(CONFIG));
    run(CONFIG, "iteration 1 retrain", 1);
    assertEquals("3 stages left, next: iteration 1 retrain", states(CONFIG).getFirst());
    run(CONFIG, "nothing", 0);
    assertEquals(List.of("finished", "finished"), states(CONFIG));
    assertEquals("none", next(CONFIG));
    Files.delete(folder().evaluation(2));
    assertEquals(List.of("finished", "1 stage left, next: M_2 evaluate"), states(CONFIG));
  }

  @Test
  void accuraciesOfSomeCheckpointsAreCounted() throws IOException {
    RunConfig once = CONFIG.with("iterations=1", "train.retrainWithHeldOut=false");
    run(once, "held-out at step 4", 1);
    assertEquals(List.of("3 stages left, next: iteration 1 held-out (1 of 3 files)"), states(once));
    assertEquals(
        "5 of 7, 3 left, iteration 1 held-out: Count[done=1, total=3, unit=checkpoints]",
        next(once));
  }
}
