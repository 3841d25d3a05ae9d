package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Runs with weights and activations in bfloat16.
class HalfRunTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "train.precision=bf16",
          "iterations=2",
          "train.retrainWithHeldOut=false",
          "task.heldOutProblems=0",
          "train.evaluateEverySteps=0",
          "evaluate.majoritySamples=0");

  @TempDir private Path temporary;

  private RunFolder run(String name, RunConfig config, int threads) throws IOException {
    Path root = temporary.resolve(name);
    try (Backend cpu = new CpuBackend(threads)) {
      RunFolder folder =
          Files.exists(root) ? new RunFolder(root) : SmallRun.begin(config, cpu, root);
      new IterationLoop(config, folder, cpu, Progress.NONE).run();
      return folder;
    }
  }

  /// What was sampled has the trainer's log-probabilities, of M_0 and of M_1, unless merged weights
  /// sampled it.
  @ParameterizedTest
  @CsvSource({"0, never", "4, sampling", "4, iteration"})
  void dpoBeginsWithTheLogarithmOfTwoAndAResumedRunEndsInTheSameBytes(int rank, String merge)
      throws IOException {
    RunConfig config = CONFIG.with("adapter.rank=" + rank, "adapter.merge=" + merge);
    RunFolder whole = run("whole", config, 1);
    for (int iteration = 1; iteration <= 2; iteration++) {
      List<ObjectNode> lines = SummedText.wholeLines(whole.training(iteration).metrics());
      assertEquals((float) Math.log(2), (float) lines.getFirst().path("dpo").asDouble());
      assertNotEquals(Math.log(2), lines.getLast().path("dpo").asDouble());
    }
    Map<String, String> expected = RunContents.of(whole.root());
    RunFolder stopped = run("stopped", config, 2);
    assertEquals(expected, RunContents.of(stopped.root()), "on another number of threads");
    TrainingFolder training = stopped.training(2);
    RunContents.delete(training.checkpoint(training.lastStep().orElseThrow()));
    RunContents.delete(stopped.model(2));
    Files.delete(stopped.evaluation(2));
    run("stopped", config, 2);
    assertEquals(expected, RunContents.of(stopped.root()));
  }
}
