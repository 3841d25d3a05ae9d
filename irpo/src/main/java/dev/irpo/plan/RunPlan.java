package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.task.Split;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.TrainingFolder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// The stages of a run with their work, beforehand, from the prompts that its files hold.
///
/// Every iteration takes the same at most: no response is longer than it may get, and no problem
/// gives fewer pairs than it can.
///
/// @param splits prompts of each split
/// @param start stages before the first iteration
/// @param iteration stages of an iteration
/// @param startDiskBytes of M_0
/// @param iterationDiskBytes of an iteration by purpose
public record RunPlan(
    Map<Split, PromptCounts> splits,
    int iterations,
    List<Stage> start,
    List<Stage> iteration,
    long startDiskBytes,
    SequencedMap<String, Long> iterationDiskBytes) {
  private static final int ID = Integer.BYTES;
  private static final int LOG_PROB = Float.BYTES;

  /// Bytes of a token's text, more than English has on average.
  private static final int TEXT = 6;

  /// What a row of a table takes beside its lists.
  private static final int ROW = 128;

  /// Plans a run.
  ///
  /// @param device rates that times follow from
  public static RunPlan of(
      RunConfig config, Map<Split, PromptCounts> splits, WorkPlan work, Roofline.Device device) {
    return new Planning(config, splits, work, new StageCosts(config, work, device)).plan();
  }

  /// Least time of an iteration.
  public double iterationSeconds() {
    return seconds(iteration);
  }

  /// Least time of the whole run.
  public double totalSeconds() {
    return seconds(start) + iterations * seconds(iteration);
  }

  /// Operations of an iteration.
  public double iterationFlops() {
    return flops(iteration);
  }

  /// Operations of the whole run.
  public double totalFlops() {
    return flops(start) + iterations * flops(iteration);
  }

  /// Bytes on disk that an iteration leaves behind.
  public long iterationBytes() {
    return iterationDiskBytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Bytes on disk that the whole run leaves behind.
  public long totalDiskBytes() {
    return startDiskBytes + iterations * iterationBytes();
  }

  private static double seconds(List<Stage> stages) {
    return stages.stream().mapToDouble(Stage::seconds).sum();
  }

  private static double flops(List<Stage> stages) {
    return stages.stream().mapToDouble(Stage::flops).sum();
  }

  /// The longest of a run's prompts and pairs.
  public static WorkPlan.Longest longest(Map<Split, PromptCounts> splits) {
    PromptCounts all = splits.values().stream().reduce(PromptCounts.NONE, PromptCounts::plus);
    return new WorkPlan.Longest(all.longestPrompt(), all.longestPair());
  }

  /// The stages in their order, as the loop runs them.
  private record Planning(
      RunConfig config, Map<Split, PromptCounts> splits, WorkPlan work, StageCosts costs) {
    RunPlan plan() {
      PromptCounts train = splits.get(Split.TRAIN);
      PromptCounts heldOut = splits.get(Split.HELD_OUT);
      boolean chooses = heldOut.problems() > 0 && config.train().evaluateEverySteps() > 0;
      boolean retrains =
          chooses && config.train().retrainWithHeldOut() && config.task().holdsOutOfTrain();
      List<String> scoring = StageCosts.held(WorkPlan.SAMPLING, WorkPlan.SCORING);
      List<String> sampled = train.goldSolutions() > 0 ? scoring : WorkPlan.SAMPLING;
      List<String> all = StageCosts.held(sampled, WorkPlan.TRAINING);
      int perPrompt = config.rollouts().perPrompt();
      int steps = PreferenceTraining.steps(config, Math.toIntExact(pairs(train)));

      List<Stage> stages = new ArrayList<>();
      stages.add(costs.sample("sample", train, perPrompt, WorkPlan.SAMPLING));
      stages.add(costs.scoreGold("score gold solutions", train, scoring));
      stages.add(costs.pairs(train, pairs(train), sampled));
      stages.add(costs.train("train", train, steps, all));
      if (chooses) {
        int models = stops(steps, config.train().evaluateEverySteps());
        String name = "choose of %d checkpoints".formatted(models);
        stages.add(costs.greedy(name, heldOut, models, all));
      }
      if (retrains) {
        stages.add(costs.sample("sample held-out", heldOut, perPrompt, all));
        stages.add(costs.scoreGold("score their gold", heldOut, all));
        stages.add(costs.pairs(train.plus(heldOut), pairs(train.plus(heldOut)), all));
        stages.add(costs.train("train again with them", train.plus(heldOut), steps, all));
      }
      stages.addAll(evaluation(all));
      PromptCounts asked = retrains ? train.plus(heldOut) : train;
      return new RunPlan(
          splits,
          config.iterations(),
          withItems(evaluation(WorkPlan.SAMPLING)),
          withItems(stages),
          work.bytes().get(WorkPlan.WEIGHTS),
          disk(asked, steps, retrains));
    }

    private List<Stage> evaluation(List<String> held) {
      PromptCounts test = splits.get(Split.TEST);
      int votes = config.evaluate().majoritySamples();
      return List.of(
          costs.greedy("evaluate greedily", test, 1, held),
          costs.sample("evaluate majority of " + votes, test, votes, held));
    }

    private static List<Stage> withItems(List<Stage> stages) {
      return stages.stream().filter(stage -> stage.items() > 0).toList();
    }

    private long pairs(PromptCounts counts) {
      long built = (long) counts.problems() * config.pairs().perPrompt();
      int most = config.pairs().atMost();
      return most > 0 ? Math.min(built, most) : built;
    }

    /// How often a training stops for one of these reasons.
    private static int stops(int steps, int... every) {
      int count = 0;
      for (int step = 0; step < steps; count++) {
        step = TrainingFolder.nextStop(step, steps, every);
      }
      return count;
    }

    private SequencedMap<String, Long> disk(PromptCounts asked, int steps, boolean retrains) {
      long weights = work.bytes().get(WorkPlan.WEIGHTS);
      double prompt = asked.meanPrompt();
      double response = asked.meanResponse();
      double rollout = ROW + ID * prompt + (ID + LOG_PROB + TEXT) * response;
      double pair = ROW + ID * (prompt + 2 * response);
      long rollouts = (long) asked.problems() * config.rollouts().perPrompt();
      long pairs = pairs(asked) + (retrains ? pairs(splits.get(Split.TRAIN)) : 0);
      long checkpoints =
          stops(steps, config.train().checkpointEverySteps(), config.train().evaluateEverySteps());
      SequencedMap<String, Long> disk = new LinkedHashMap<>();
      disk.put("rollouts and pairs", Math.round(rollouts * rollout + pairs * pair));
      disk.put("checkpoints", checkpoints * 3 * weights);
      if (retrains) {
        disk.put("checkpoints of the second training", checkpoints * 3 * weights);
      }
      disk.put("model", weights);
      return disk;
    }
  }
}
