package dev.irpo.transformer.score;

import dev.irpo.transformer.LogProbs;

/// What the model thinks of a sequence: ln π of each token, in nats.
///
/// @param promptTokenLogProbs of the prompt's tokens from its second on; empty if not asked for
/// @param tokenLogProbs of the response's tokens, the first given the whole prompt
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record SequenceScore(float[] promptTokenLogProbs, float[] tokenLogProbs) {
  /// ln π(response | prompt).
  public float logProb() {
    return LogProbs.sum(tokenLogProbs);
  }

  /// ln π of the prompt without a term for its first token.
  public float promptLogProb() {
    return LogProbs.sum(promptTokenLogProbs);
  }
}
