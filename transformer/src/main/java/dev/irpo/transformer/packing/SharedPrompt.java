package dev.irpo.transformer.packing;

import java.util.List;

/// A prompt and the responses that continue it, packed so that the prompt is computed once.
///
/// The arrays are not copied and must not change.
///
/// @param prompt token ids x, at least one
/// @param promptSum number of the sum over the prompt's tokens without the first, which nothing
///   predicts; or [#NOT_SCORED]
/// @param responses perhaps none
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record SharedPrompt(int[] prompt, int promptSum, List<Response> responses) {
  /// In place of a sum: the tokens are computed, their log-probabilities are not.
  public static final int NOT_SCORED = -1;

  /// One continuation.
  ///
  /// @param tokens token ids, with the end token where it is part of the response
  /// @param sum number of the sum over these tokens, or [#NOT_SCORED]
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  public record Response(int[] tokens, int sum) {
    int scoredPositions() {
      return sum == NOT_SCORED ? 0 : tokens.length;
    }

    int rows() {
      return Math.max(0, tokens.length - 1);
    }
  }

  /// Checks the prompt.
  ///
  /// @throws IllegalArgumentException if it is empty
  public SharedPrompt {
    if (prompt.length == 0) {
      throw new IllegalArgumentException(
          "a prompt has no tokens, so nothing predicts the response's first; begin it with BOS");
    }
    responses = List.copyOf(responses);
  }

  /// What it takes of a micro-batch.
  Budget needs() {
    int tokens = prompt.length;
    int segments = 1;
    int scored = promptSum == NOT_SCORED ? 0 : prompt.length - 1;
    for (Response response : responses) {
      tokens += response.rows();
      segments += response.rows() > 0 ? 1 : 0;
      scored += response.scoredPositions();
    }
    return new Budget(tokens, segments, scored);
  }

  /// Tokens of the prompt with its longest response.
  int longest() {
    int longest = 0;
    for (Response response : responses) {
      longest = Math.max(longest, response.tokens().length);
    }
    return prompt.length + longest;
  }
}
