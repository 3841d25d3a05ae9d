package dev.irpo.run;

import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;

/// A run of a few problems and steps, which trains again with the held-out problems.
public final class SmallRun {
  public static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with(
              "task.trainProblems=12",
              "task.heldOutProblems=6",
              "task.testProblems=2",
              "rollouts.perPrompt=2",
              "rollouts.maxNewTokens=4",
              "rollouts.slots=16",
              "pairs.perPrompt=2",
              "train.steps=6",
              "train.batchSize=4",
              "train.tokenBudget=1024",
              "train.checkpointEverySteps=4",
              "train.retrainWithHeldOut=true",
              "optimizer.learningRate=1e-3");

  private SmallRun() {}

  /// The folder of a run that begins from the tiny model, in the type that the run trains.
  public static RunFolder begin(RunConfig config, Backend backend, Path root) throws IOException {
    RunFolder folder = new RunFolder(root);
    folder.open(config);
    LanguageModel model = TestData.tinyModel(backend);
    DType type = DType.valueOf(config.train().roundedTo().name());
    if (type.isHalf()) {
      TestData.round(model, type);
    }
    model.save(folder.startModel());
    return folder;
  }
}
