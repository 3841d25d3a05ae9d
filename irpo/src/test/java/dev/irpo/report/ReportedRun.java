package dev.irpo.report;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Small runs of the demo's model, some of whose answers are right.
final class ReportedRun {
  static final int PROBLEMS = 12;
  static final int HELD_OUT = 4;

  /// Of each problem.
  static final int SAMPLES = 4;

  static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with(
              "iterations=2",
              "task.trainProblems=" + PROBLEMS,
              "task.heldOutProblems=" + HELD_OUT,
              "task.testProblems=6",
              "rollouts.perPrompt=" + SAMPLES,
              "rollouts.slots=16",
              "train.steps=10",
              "train.batchSize=4",
              "train.evaluateEverySteps=5",
              "train.retrainWithHeldOut=true",
              "evaluate.majoritySamples=2",
              "evaluate.pairs=8");

  private ReportedRun() {}

  /// Runs to the end.
  static RunFolder of(Path root, RunConfig config) throws IOException {
    return of(root, config, Progress.NONE);
  }

  /// Runs as far as the progress lets it.
  static RunFolder of(Path root, RunConfig config, Progress progress) throws IOException {
    RunFolder folder = new RunFolder(root);
    folder.open(config);
    EmbeddedModel.copyTo(folder.startModel());
    try (Backend backend = new CpuBackend(2)) {
      new IterationLoop(config, folder, backend, progress).run();
    }
    return folder;
  }

  /// A copy to damage.
  static RunFolder copy(RunFolder run, Path root) throws IOException {
    try (Stream<Path> all = Files.walk(run.root())) {
      all.forEach(path -> {
        try {
          Files.copy(path, root.resolve(run.root().relativize(path).toString()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      });
    }
    return new RunFolder(root);
  }
}
