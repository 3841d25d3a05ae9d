package dev.irpo.transformer.score;

import dev.irpo.transformer.LogProbs;

/// What the model thinks of a response: ln π of each token, in nats.
///
/// @param tokenLogProbs of the response's tokens, the first given the whole prompt
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record SequenceScore(float[] tokenLogProbs) {
  /// ln π(response | prompt).
  public float logProb() {
    return LogProbs.sum(tokenLogProbs);
  }
}
