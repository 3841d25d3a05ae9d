package dev.irpo.transformer.packing;

import dev.irpo.tensor.Backend;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Programs for budgets of 64, 96, 128, 192, … rows up to a largest one, compiled when first
/// needed; where compiling is slow, for a quarter of the largest and the largest, compiled at once.
/// A batch of one long sequence may [raise][#raiseTo] the ladder.
///
/// @param <P> the program together with its inputs and outputs
public final class BudgetLadder<P> {
  private static final int LOWEST = 64;

  private final List<Budget> rungs = new ArrayList<>();
  private final Map<Budget, P> programs = new HashMap<>();
  private final Function<Budget, P> compiler;
  private final boolean compilesSlowly;

  /// A ladder whose highest rung has `tokenBudget` rows.
  public BudgetLadder(Backend backend, int tokenBudget, Function<Budget, P> compiler) {
    this.compiler = compiler;
    compilesSlowly = backend.traits().compilesSlowly();
    int lowest = compilesSlowly ? Math.max(LOWEST, tokenBudget / 4) : LOWEST;
    int factor = compilesSlowly ? 4 : 2;
    for (int tokens = lowest; tokens < tokenBudget; tokens *= factor) {
      rungs.add(Budget.ofTokens(tokens));
      if (factor == 2 && tokens / 2 * 3 < tokenBudget) {
        rungs.add(Budget.ofTokens(tokens / 2 * 3));
      }
    }
    rungs.add(Budget.ofTokens(tokenBudget));
    if (compilesSlowly) {
      rungs.forEach(rung -> programs.put(rung, compiler.apply(rung)));
    }
  }

  /// Adds rungs until the highest has so many rows; where compiling is slow, one.
  public void raiseTo(int tokens) {
    while (largest().tokens() < tokens) {
      int next = nextSize(compilesSlowly ? tokens - 1 : largest().tokens());
      rungs.add(Budget.ofTokens(next));
    }
  }

  /// The smallest of 64, 96, 128, 192, … above so many rows.
  private static int nextSize(int tokens) {
    int size = LOWEST;
    while (size <= tokens) {
      size = Integer.bitCount(size) == 1 ? size / 2 * 3 : size / 3 * 4;
    }
    return size;
  }

  /// The highest rung.
  public Budget largest() {
    return rungs.getLast();
  }

  /// The program of the lowest rung that holds what is used.
  ///
  /// @throws IllegalArgumentException if none does
  public P smallestFor(Budget used) {
    for (Budget rung : rungs) {
      if (rung.holds(used)) {
        return programs.computeIfAbsent(rung, compiler);
      }
    }
    throw new IllegalArgumentException("the batch uses " + used + ", the largest is " + largest());
  }
}
