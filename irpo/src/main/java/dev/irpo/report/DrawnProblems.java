package dev.irpo.report;

import dev.irpo.transformer.CounterRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// Draws as many problems as fit a number of rollouts, while they are read. A problem is drawn or
/// not by its name and a key alone, so trainings of a run show the same problems.
final class DrawnProblems {
  private final long key;
  private final int mostRollouts;
  private final TreeMap<Long, Drawn> drawn = new TreeMap<>(); // least first
  private int rollouts;
  private int read;

  /// @param place among all that were read
  private record Drawn(int place, List<ShownRollout> samples) {}

  /// @param key of the random numbers
  DrawnProblems(long key, int mostRollouts) {
    this.key = key;
    this.mostRollouts = mostRollouts;
  }

  /// Offers a problem with all its samples.
  void offer(List<ShownRollout> samples) {
    long number = CounterRandom.key(key, samples.getFirst().problemId());
    drawn.put(number, new Drawn(read++, samples));
    rollouts += samples.size();
    while (rollouts > mostRollouts && drawn.size() > 1) {
      rollouts -= drawn.pollLastEntry().getValue().samples().size();
    }
  }

  /// Those that were drawn, in the order in which they were offered.
  List<List<ShownRollout>> problems() {
    List<Drawn> ordered = new ArrayList<>(drawn.values());
    ordered.sort((a, b) -> Integer.compare(a.place(), b.place()));
    return ordered.stream().map(Drawn::samples).toList();
  }
}
