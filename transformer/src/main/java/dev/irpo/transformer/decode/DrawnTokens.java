package dev.irpo.transformer.decode;

import dev.irpo.tensor.Buffer;
import dev.irpo.transformer.NotFiniteException;

/// What a run of the program has drawn.
///
/// @param tokens (I), by index of the draw in the plan
/// @param logProbs (I) their log-probabilities at temperature 1 in nats, not finite where the
///   logits were not
record DrawnTokens(Buffer tokens, Buffer logProbs) {
  int token(int index) {
    return tokens.getInt(index);
  }

  /// Log-probability of a drawn token.
  ///
  /// @param problem of the response
  /// @throws NotFiniteException if a logit was not finite; its item is the problem
  float logProb(int index, long problem) {
    float logProb = (float) logProbs.get(index);
    if (!Float.isFinite(logProb)) {
      throw new NotFiniteException(
          "the model's logits are not finite (the largest: %s)".formatted(logProb), problem);
    }
    return logProb;
  }
}
