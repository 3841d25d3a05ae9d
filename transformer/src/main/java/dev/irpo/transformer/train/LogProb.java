package dev.irpo.transformer.train;

import java.util.function.Function;

/// A log-probability that a loss can ask of each item of a kind, summed over tokens.
///
/// Only what is asked for is computed: a response that no loss term reads takes no rows, and a
/// prompt that none reads is computed but not scored.
///
/// @param <I> the kind of items
public final class LogProb<I extends TrainItem> {
  private final String part;
  private final Function<I, int[]> tokens;
  private final boolean isOfPrompt;

  private LogProb(String part, Function<I, int[]> tokens, boolean isOfPrompt) {
    this.part = part;
    this.tokens = tokens;
    this.isOfPrompt = isOfPrompt;
  }

  /// ln M(x), without a term for the first token, which nothing predicts.
  static <I extends TrainItem> LogProb<I> ofPrompt() {
    return new LogProb<>("prompt", TrainItem::prompt, true);
  }

  /// ln M(response | x).
  static <I extends TrainItem> LogProb<I> ofResponse(String part, Function<I, int[]> response) {
    return new LogProb<>(part, response, false);
  }

  /// What it is of, for instance `chosen`.
  public String part() {
    return part;
  }

  /// As files name it, for instance `chosenLogProb`.
  public String name() {
    return part + "LogProb";
  }

  boolean isOfPrompt() {
    return isOfPrompt;
  }

  /// The tokens that are summed over.
  public int[] tokens(I item) {
    return tokens.apply(item);
  }

  @Override
  public String toString() {
    return name();
  }
}
