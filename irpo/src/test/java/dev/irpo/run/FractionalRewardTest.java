package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.reward.StepGrader;
import dev.irpo.rollout.Rollout;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Rewards between 0 and 1 from a user's class, from sampling to pairs.
class FractionalRewardTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1",
          "task.testProblems=12",
          "rollouts.perPrompt=6",
          "rollouts.maxNewTokens=60",
          "pairs.goldAmongWinners=false",
          "task.grader=" + StepGrader.class.getName(),
          "train.steps=1",
          "train.retrainWithHeldOut=false",
          "train.evaluateEverySteps=0",
          "evaluate.majoritySamples=0");

  @TempDir private Path temporary;

  private RunFolder run(String winnerReward, String correctReward) throws IOException {
    RunFolder folder = new RunFolder(temporary.resolve("run-" + winnerReward));
    RunConfig config =
        CONFIG.with(
            "pairs.winnerReward=" + winnerReward, "evaluate.correctReward=" + correctReward);
    folder.open(config);
    EmbeddedModel.copyTo(folder.startModel());
    try (Backend backend = new CpuBackend(2)) {
      new IterationLoop(config, folder, backend, Progress.NONE).run();
    }
    return folder;
  }

  private static Map<String, Float> rewards(RolloutFolder folder) throws IOException {
    Map<String, Float> rewards = new HashMap<>();
    for (Rollout rollout : TableReader.readAll(folder.part(0), Rollout::of)) {
      assertEquals("step-test-v1", rollout.grader());
      rewards.put(rollout.problemId() + " " + rollout.sample(), rollout.reward());
    }
    return rewards;
  }

  private static int correctOnTest(RunFolder folder) throws IOException {
    return RunFolder.readJson(folder.evaluation(0), Evaluation.class).greedy().correct();
  }

  private static void requireRule(RunFolder run, float winnerReward) throws IOException {
    RolloutFolder folder = run.rollouts(1);
    Map<String, Float> rewards = rewards(folder);
    assertTrue(rewards.containsValue(0.5f), "no response was half right");
    List<PreferencePair> pairs = TableReader.readAll(folder.pairs(), PreferencePair::of);
    assertFalse(pairs.isEmpty());
    for (PreferencePair pair : pairs) {
      float won = rewards.get(pair.problemId() + " " + pair.chosenSample());
      float lost = rewards.get(pair.problemId() + " " + pair.rejectedSample());
      assertTrue(won >= winnerReward && lost < winnerReward, () -> won + " against " + lost);
    }
    long winners = rewards.values().stream().filter(reward -> reward >= winnerReward).count();
    assertEquals(winners, RunFolder.readJson(folder.counts(), RolloutCounts.class).correct());
  }

  @Test
  void winnersAndCorrectResponsesHaveTheRewardsThatAreAskedFor() throws IOException {
    RunFolder half = run("0.5", "1");
    RunFolder whole = run("1", "0.5");
    requireRule(half, 0.5f);
    requireRule(whole, 1);
    int right = correctOnTest(half);
    int halfRight = correctOnTest(whole);
    assertTrue(right < halfRight, () -> "%d right, %d half right".formatted(right, halfRight));
  }
}
