package dev.irpo.synthetic;

import java.util.EnumMap;
import java.util.Map;

/// What M_0's corpus is mixed from.
///
/// @param drillShare share of bare calculations (`34+27-15`) among the documents of the first
///   stage, 0 to 1
/// @param largestCleanNumber bound of all numbers in the first stage, at least 99; the task itself
///   stays below 100
/// @param slipShare share of miscalculated chains among those of the second stage that follow no
///   habit, 0 to 1
/// @param habitShares by kind of story, the share of chains in the second stage that follow its
///   misconception, 0 to 1
public record CorpusMix(
    double drillShare, int largestCleanNumber, double slipShare, Map<Story, Double> habitShares) {
  /// Checks the shares.
  ///
  /// @throws IllegalArgumentException if one is out of its range, or a kind of story has none
  public CorpusMix {
    requireShare("drillShare", drillShare);
    requireShare("slipShare", slipShare);
    if (largestCleanNumber < StoryProblem.LARGEST_NUMBER) {
      throw new IllegalArgumentException(
          "largestCleanNumber is %d, the task's own numbers go up to %d; choose at least that"
              .formatted(largestCleanNumber, StoryProblem.LARGEST_NUMBER));
    }
    for (Story story : Story.values()) {
      requireShare("habit share of " + story, habitShares.getOrDefault(story, Double.NaN));
    }
    habitShares = Map.copyOf(habitShares);
  }

  /// What the M_0 in the jar learnt from: the shares of [Story].
  public static CorpusMix standard() {
    Map<Story, Double> shares = new EnumMap<>(Story.class);
    for (Story story : Story.values()) {
      shares.put(story, story.habitShare());
    }
    return new CorpusMix(0.3, 150, 0.06, shares);
  }

  private static void requireShare(String name, double share) {
    if (!(share >= 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "%s is %s, a share lies between 0 and 1".formatted(name, share));
    }
  }
}
