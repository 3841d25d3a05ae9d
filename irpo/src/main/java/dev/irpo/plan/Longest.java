package dev.irpo.plan;

import java.util.Collection;

/// The longest that a run meets, in tokens.
///
/// @param prompt a prompt
/// @param text a prompt with one response
/// @param pair a prompt with two responses
public record Longest(int prompt, int text, int pair) {
  /// Where there is nothing yet; programs want a token at least.
  public static final Longest NONE = new Longest(1, 1, 1);

  /// Of some splits together.
  public static Longest of(Collection<PromptCounts> splits) {
    return splits.stream().map(PromptCounts::longest).reduce(NONE, Longest::and);
  }

  /// The longer of both, each on its own.
  Longest and(Longest other) {
    return new Longest(
        Math.max(prompt, other.prompt), Math.max(text, other.text), Math.max(pair, other.pair));
  }

  /// A prompt with so many responses that a loss reads together.
  int item(int responses) {
    return responses > 1 ? pair : text;
  }
}
