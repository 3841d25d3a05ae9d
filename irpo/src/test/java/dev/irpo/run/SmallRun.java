package dev.irpo.run;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;

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
}
