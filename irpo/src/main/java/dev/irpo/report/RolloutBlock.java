package dev.irpo.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Some rollouts of a training as columns, which take a fraction of what an object for each would.
/// A page reads one block at a time and answers in between.
///
/// @param run number of the run
/// @param training number of the training in its run
/// @param problem number of the problem among the run's
/// @param answer null where the grader read none
/// @param flags sum of [#RIGHT], [#TRUNCATED], [#DUPLICATE]
/// @param pairs of these problems: problem, chosen, rejected, and the log-probabilities of the two
record RolloutBlock(
    int run,
    int training,
    List<Integer> problem,
    List<Integer> sample,
    List<String> text,
    List<String> answer,
    List<Float> reward,
    List<Integer> flags,
    List<Integer> tokens,
    List<Float> logProb,
    List<List<Number>> pairs) {
  /// A flag of a winner.
  static final int RIGHT = 1;

  /// A flag of a response that was cut off.
  static final int TRUNCATED = 2;

  /// A flag of a response that an earlier sample gave too.
  static final int DUPLICATE = 4;

  /// Rollouts from which on a block is full.
  private static final int FULL = 2000;

  private RolloutBlock(int run, int training) {
    this(
        run,
        training,
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>());
  }

  /// All rollouts of a training that are shown, in their order.
  ///
  /// @param numbers of the run's problems, by their names
  static List<RolloutBlock> of(
      int run, int training, Map<String, Integer> numbers, ShownRollouts rollouts) {
    Map<String, List<ShownRollouts.ShownPair>> pairs = new LinkedHashMap<>();
    rollouts
        .pairs()
        .forEach(
            pair -> pairs.computeIfAbsent(pair.problemId(), id -> new ArrayList<>()).add(pair));
    List<RolloutBlock> blocks = new ArrayList<>();
    RolloutBlock block = new RolloutBlock(run, training);
    for (List<ShownRollout> samples : rollouts.problems()) {
      String id = samples.getFirst().problemId();
      block.add(numbers.get(id), samples, pairs.getOrDefault(id, List.of()));
      if (block.sample.size() >= FULL) {
        blocks.add(block);
        block = new RolloutBlock(run, training);
      }
    }
    if (!block.sample.isEmpty()) {
      blocks.add(block);
    }
    return blocks;
  }

  private void add(
      int number, List<ShownRollout> samples, List<ShownRollouts.ShownPair> pairsOfProblem) {
    for (ShownRollout rollout : samples) {
      problem.add(number);
      sample.add(rollout.sample());
      text.add(rollout.text());
      answer.add(rollout.answer());
      reward.add(rollout.reward());
      flags.add(
          (rollout.isRight() ? RIGHT : 0)
              + (rollout.isTruncated() ? TRUNCATED : 0)
              + (rollout.isDuplicate() ? DUPLICATE : 0));
      tokens.add(rollout.tokens());
      logProb.add(rollout.logProb());
    }
    for (ShownRollouts.ShownPair pair : pairsOfProblem) {
      List<Number> row = new ArrayList<>(List.of(number, pair.chosen(), pair.rejected()));
      row.add(pair.chosenLogProb());
      row.add(pair.rejectedLogProb());
      pairs.add(row);
    }
  }
}
