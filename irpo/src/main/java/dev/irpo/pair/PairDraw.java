package dev.irpo.pair;

import dev.irpo.transformer.CounterRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/// Draws pairs at random without replacement, as the paper draws about 75k for MATH
/// (arXiv:2404.19733, section 3.3).
///
/// ```text
/// u(pair) = uniform(key, problem, chosen, rejected)      kept: the M pairs of least u
/// ```
///
/// What is drawn depends on no order and no other pair, so a draw of a draw with more pairs is the
/// draw of all: `of(of(A) + B) = of(A + B)`. Kept pairs stay in their order.
///
/// @param atMost M; 0: all
/// @param key of the random numbers
public record PairDraw(int atMost, long key) {
  /// The pairs that are kept.
  public List<PreferencePair> of(List<PreferencePair> pairs) {
    if (atMost == 0 || pairs.size() <= atMost) {
      return List.copyOf(pairs);
    }
    double[] u = pairs.stream().mapToDouble(this::uniform).toArray();
    List<PreferencePair> kept = new ArrayList<>();
    IntStream.range(0, u.length)
        .boxed()
        .sorted(Comparator.comparingDouble(i -> u[i]))
        .limit(atMost)
        .sorted()
        .forEach(i -> kept.add(pairs.get(i)));
    return kept;
  }

  private double uniform(PreferencePair pair) {
    long chosen = CounterRandom.key(CounterRandom.key(key, pair.problemId()), pair.chosenSample());
    return CounterRandom.uniform(chosen, pair.rejectedSample());
  }
}
