package dev.irpo.train;

import dev.irpo.config.TrainSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/// When a training writes checkpoints, and which of them stay.
///
/// @param stops the steps after which there is one
/// @param needed of them that must be there in the end, however old they are
/// @param keep newest ones that stay besides; 0: all
public record CheckpointPlan(SortedSet<Integer> stops, SortedSet<Integer> needed, int keep) {
  /// Copies the sets.
  public CheckpointPlan {
    stops = new TreeSet<>(stops);
    needed = new TreeSet<>(needed);
  }

  /// Of a training of which only the last checkpoint is needed.
  public static CheckpointPlan of(int total, TrainSettings settings) {
    return new CheckpointPlan(
        new TreeSet<>(stops(total, settings.checkpointEverySteps())),
        new TreeSet<>(List.of(total)),
        settings.keepCheckpoints());
  }

  /// Those of some checkpoints that can go: neither needed nor the last, nor one of the newest that
  /// are kept.
  ///
  /// @param there steps of the checkpoints that there are
  SortedSet<Integer> surplus(SortedSet<Integer> there) {
    List<Integer> steps = new ArrayList<>(there);
    SortedSet<Integer> surplus = new TreeSet<>();
    if (keep > 0 && steps.size() > keep) {
      surplus.addAll(steps.subList(0, steps.size() - keep));
      surplus.removeAll(needed);
    }
    return surplus;
  }

  /// The steps of all checkpoints of a training.
  ///
  /// @param every steps between checkpoints, of several reasons for one; 0: none
  public static List<Integer> stops(int total, int... every) {
    List<Integer> stops = new ArrayList<>();
    for (int step = 0; step < total; ) {
      step = nextStop(step, total, every);
      stops.add(step);
    }
    return stops;
  }

  /// The step of the next checkpoint.
  static int nextStop(int step, int total, int... every) {
    int next = total;
    for (int steps : every) {
      next = steps == 0 ? next : Math.min(next, (step / steps + 1) * steps);
    }
    return next;
  }
}
