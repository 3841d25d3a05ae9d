package dev.irpo.transformer.packing;

import dev.irpo.tensor.Backend;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Shape buckets: one program for each of a few sizes of micro-batch, of which a batch takes the
/// smallest that holds it.
///
/// Their budgets have 64, 96, 128, 192, … rows up to a largest one, and a program is compiled when
/// first needed. Where compiling is slow there are two, a quarter of the largest and the largest,
/// both compiled at once. A batch of one long sequence may need [larger ones][#growTo].
///
/// @param <P> the program together with its inputs and outputs
public final class BudgetBuckets<P> {
  private static final int SMALLEST = 64;

  private final List<Budget> buckets = new ArrayList<>();
  private final Map<Budget, P> programs = new HashMap<>();
  private final Function<Budget, P> compiler;
  private final boolean compilesSlowly;

  /// Buckets of which the largest has `tokenBudget` rows.
  public BudgetBuckets(Backend backend, int tokenBudget, Function<Budget, P> compiler) {
    this.compiler = compiler;
    compilesSlowly = backend.traits().compilesSlowly();
    int smallest = compilesSlowly ? Math.max(SMALLEST, tokenBudget / 4) : SMALLEST;
    int factor = compilesSlowly ? 4 : 2;
    for (int tokens = smallest; tokens < tokenBudget; tokens *= factor) {
      buckets.add(Budget.ofTokens(tokens));
      if (factor == 2 && tokens / 2 * 3 < tokenBudget) {
        buckets.add(Budget.ofTokens(tokens / 2 * 3));
      }
    }
    buckets.add(Budget.ofTokens(tokenBudget));
    if (compilesSlowly) {
      buckets.forEach(bucket -> programs.put(bucket, compiler.apply(bucket)));
    }
  }

  /// Adds buckets until the largest has at least `tokens` rows; where compiling is slow, one alone.
  public void growTo(int tokens) {
    while (largest().tokens() < tokens) {
      int next = nextSize(compilesSlowly ? tokens - 1 : largest().tokens());
      buckets.add(Budget.ofTokens(next));
    }
  }

  /// The smallest of 64, 96, 128, 192, … that is above `tokens`.
  private static int nextSize(int tokens) {
    int size = SMALLEST;
    while (size <= tokens) {
      size = Integer.bitCount(size) == 1 ? size / 2 * 3 : size / 3 * 4;
    }
    return size;
  }

  /// The budget of the largest bucket.
  public Budget largest() {
    return buckets.getLast();
  }

  /// The program of the smallest bucket that holds what a batch uses.
  ///
  /// @throws IllegalArgumentException if none does
  public P smallestFor(Budget used) {
    for (Budget bucket : buckets) {
      if (bucket.holds(used)) {
        return programs.computeIfAbsent(bucket, compiler);
      }
    }
    throw new IllegalArgumentException("the batch uses " + used + ", the largest is " + largest());
  }
}
