package dev.irpo.report;

import dev.irpo.rollout.Rollout;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Counts all rollouts of a training, problem by problem.
final class RolloutCensus {
  private final Predicate<Rollout> isRight;
  private final Set<String> problems = new HashSet<>();
  private final SortedMap<Integer, Integer> lengths = new TreeMap<>();
  private final SortedMap<Integer, Integer> rightOfProblem = new TreeMap<>();
  private final SortedSet<String> graders = new TreeSet<>();
  private int rollouts;
  private int right;
  private int withoutAnswer;
  private int truncated;
  private int duplicates;

  /// @param isRight which rollouts are winners
  RolloutCensus(Predicate<Rollout> isRight) {
    this.isRight = isRight;
  }

  /// What the rollouts came to.
  ///
  /// @param lengths responses by their number of tokens
  /// @param rightOfProblem problems by the number of right samples
  /// @param graders that rewarded them
  record Summary(
      int problems,
      int rollouts,
      int right,
      int withoutAnswer,
      int truncated,
      int duplicates,
      SortedMap<Integer, Integer> lengths,
      SortedMap<Integer, Integer> rightOfProblem,
      SortedSet<String> graders) {}

  /// Adds all rollouts of a problem.
  ///
  /// @return the same as the page shows them
  List<ShownRollout> add(List<Rollout> samples) {
    List<ShownRollout> shown = new ArrayList<>();
    Set<IntBuffer> seen = new HashSet<>();
    int rightSamples = 0;
    for (Rollout rollout : samples) {
      problems.add(rollout.problemId());
      graders.add(rollout.grader());
      lengths.merge(rollout.responseIds().length, 1, Integer::sum);
      boolean isWinner = isRight.test(rollout);
      boolean isNew = seen.add(IntBuffer.wrap(rollout.responseIds()));
      rightSamples += isWinner ? 1 : 0;
      duplicates += isNew ? 0 : 1;
      withoutAnswer += rollout.extracted().isEmpty() ? 1 : 0;
      truncated += ShownRollout.isTruncated(rollout) ? 1 : 0;
      shown.add(ShownRollout.of(rollout, isWinner, !isNew));
    }
    rollouts += samples.size();
    right += rightSamples;
    rightOfProblem.merge(rightSamples, 1, Integer::sum);
    return shown;
  }

  /// Whether a problem was sampled.
  boolean has(String problemId) {
    return problems.contains(problemId);
  }

  Summary summary() {
    return new Summary(
        problems.size(),
        rollouts,
        right,
        withoutAnswer,
        truncated,
        duplicates,
        lengths,
        rightOfProblem,
        graders);
  }
}
