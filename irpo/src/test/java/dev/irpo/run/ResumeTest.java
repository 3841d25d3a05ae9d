package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceFailure;
import dev.irpo.tensor.device.DeviceProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A run that was interrupted again and again, at the beginning, in the middle and at the end of
/// each stage, ends in the files of one that was not.
class ResumeTest {
  /// More problems than a part of the rollouts holds, and checkpoints between the first and last.
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with(
              "iterations=2",
              "task.trainProblems=103",
              "task.heldOutProblems=3",
              "task.testProblems=3",
              "rollouts.perPrompt=2",
              "rollouts.maxNewTokens=4",
              "rollouts.slots=16",
              "pairs.perPrompt=1",
              "train.batchSize=30",
              "train.tokenBudget=1024",
              "train.checkpointEverySteps=2",
              "train.evaluateEverySteps=2",
              "optimizer.learningRate=1e-3",
              "evaluate.majoritySamples=2");

  /// The same where the held-out problems are trained on in the end.
  private static final RunConfig RETRAINING =
      CONFIG.with(
          "task.trainProblems=20",
          "task.heldOutProblems=101",
          "train.batchSize=5",
          "train.retrainWithHeldOut=true",
          "evaluate.majoritySamples=0");

  @TempDir private Path temporary;

  /// Thrown where a run is stopped.
  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stopped(String event) {
      super(event);
    }
  }

  /// Throws once at each event of a run: a stage's begin, a few places in it, its end.
  private static final class Interruptions implements Progress {
    private final Set<String> seen = new HashSet<>();
    private boolean stopped;

    private void event(String name) {
      if (!stopped && seen.add(name)) {
        stopped = true;
        throw new Stopped(name);
      }
    }

    @Override
    public Bar begin(String stage, long total) {
      event(stage + " begins");
      return new Bar() {
        @Override
        public void at(long done, String message) {
          long place = stage.endsWith("train") ? done : 2 * done / total;
          event(stage + " at " + place);
        }

        @Override
        public void close() {
          event(stage + " ends");
        }
      };
    }
  }

  private RunFolder begin(RunConfig config, Backend backend, String name) throws IOException {
    return SmallRun.begin(config, backend, temporary.resolve(name));
  }

  /// Runs until nothing stops it any more and returns where it was interrupted.
  private static Set<String> runWithInterruptions(
      RunConfig config, RunFolder folder, Backend backend) throws IOException {
    Interruptions interruptions = new Interruptions();
    Set<String> stops = new TreeSet<>();
    while (true) {
      interruptions.stopped = false;
      try {
        folder.open(config);
        new IterationLoop(config, folder, backend, interruptions).run();
        return stops;
      } catch (Stopped stop) {
        assertTrue(stops.add(stop.getMessage()), () -> "no progress at " + stop.getMessage());
      }
    }
  }

  /// A device that is lost after the second step of the first training.
  private record Losing(RunFolder folder) implements DeviceProvider.Listener {
    @Override
    public void compiled(int done, int total) {}

    @Override
    public boolean wantsExecutions() {
      return true;
    }

    @Override
    public void executed(long bytesIn, long bytesOut, long allocatedBytes) {
      if (Files.exists(folder.training(1).checkpoint(2))) {
        throw new IllegalStateException("CL_DEVICE_NOT_AVAILABLE");
      }
    }
  }

  @Test
  @Tag("device")
  void aRunWhoseDeviceIsLostGoesOnOnTheCpu() throws IOException {
    RunConfig config = CONFIG.with("iterations=1", "train.steps=5");
    RunFolder folder = new RunFolder(temporary.resolve("lost"));
    folder.open(config.with("compute.backend=tornado"));
    try (Backend device = TestData.device(new Losing(folder))) {
      TestData.tinyModel(device).save(folder.startModel());
      IterationLoop loop = new IterationLoop(config, folder, device, Progress.NONE);
      String message = assertThrows(DeviceFailure.class, loop::run).getMessage();
      assertTrue(message.contains("CL_DEVICE_NOT_AVAILABLE"), message);
    }
    folder.open(config);
    try (Backend cpu = new CpuBackend(1)) {
      new IterationLoop(config, folder, cpu, Progress.NONE).run();
    }
    assertTrue(Files.exists(folder.evaluation(1)));
    assertEquals(5, Files.readAllLines(folder.training(1).metrics()).size());
  }

  @Test
  void aRunStoppedAtEveryStageEndsInTheBytesOfOneThatWasNot() throws IOException {
    Map<String, String> files =
        filesOfBoth(CONFIG, List.of("sample", "train", "held-out", "evaluate"));
    assertTrue(files.containsKey("iteration-2/model/weights-00001-of-00001.arrow"));
    assertTrue(files.containsKey("iteration-2/rollouts/part-00001.arrow"));
    assertTrue(files.containsKey("iteration-1/checkpoints/step-4/manifest.json"));
    assertTrue(files.keySet().stream().noneMatch(file -> file.contains("retrain")));
  }

  @Test
  void aRunThatTrainsTwiceDoesSoToo() throws IOException {
    Map<String, String> files =
        filesOfBoth(RETRAINING, List.of("1 retrain", "2 retrain", "retrain sample"));
    assertTrue(files.containsKey("iteration-2/model/weights-00001-of-00001.arrow"));
    assertTrue(files.containsKey("iteration-2/retrain/rollouts/part-00001.arrow"));
    assertTrue(files.containsKey("iteration-1/retrain/checkpoints/step-2/manifest.json"));
  }

  @ParameterizedTest
  @EnumSource(names = {"SAMPLING", "ITERATION"})
  void aRunThatMergesItsAdapterDoesSoToo(AdapterSettings.Merge merge) throws IOException {
    RunConfig config =
        RETRAINING.with(
            "adapter.rank=2",
            "adapter.merge=" + merge.name().toLowerCase(Locale.ROOT),
            "optimizer.learningRate=1e-2",
            "evaluate.pairs=3");
    Map<String, String> files = filesOfBoth(config, List.of("1 retrain", "2 retrain"));
    assertTrue(files.containsKey("iteration-2/log-probs.json"));
    boolean isWhole = !files.containsKey("iteration-2/model/base.json");
    assertEquals(merge == AdapterSettings.Merge.ITERATION, isWhole);
  }

  /// Which checkpoints stay does not depend on interruptions either.
  @Test
  void aRunThatKeepsOneCheckpointDoesSoToo() throws IOException {
    Map<String, String> files =
        filesOfBoth(
            RETRAINING.with("train.keepCheckpoints=1", "task.trainProblems=40"),
            List.of("1 retrain", "2 retrain"));
    for (String training : List.of("iteration-1/checkpoints", "iteration-2/retrain/checkpoints")) {
      long steps =
          files.keySet().stream()
              .filter(file -> file.matches(training + "/step-\\d+/state.json"))
              .count();
      boolean isChosenFrom = !training.contains("retrain");
      assertTrue(steps == 1 || (steps == 2 && isChosenFrom), steps + " in " + training);
    }
    assertTrue(files.containsKey("iteration-1/checkpoints/held-out-2.json"));
  }

  /// The files of a run, which are those of the run that was interrupted again and again.
  private Map<String, String> filesOfBoth(RunConfig config, List<String> stages)
      throws IOException {
    try (Backend one = new CpuBackend(1);
        Backend two = new CpuBackend(2)) {
      RunFolder whole = begin(config, two, "whole");
      new IterationLoop(config, whole, two, Progress.NONE).run();
      RunFolder stopped = begin(config, two, "stopped");
      Set<String> stops = runWithInterruptions(config, stopped, one);
      for (String stage : stages) {
        assertTrue(
            stops.stream().filter(stop -> stop.contains(stage)).count() >= 5,
            () -> stage + " in " + stops);
      }
      Map<String, String> expected = RunContents.of(whole.root());
      assertEquals(expected, RunContents.of(stopped.root()));
      return expected;
    }
  }
}
