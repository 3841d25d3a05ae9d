package dev.irpo.transformer.decode;

import dev.irpo.transformer.LogProbs;

/// A sampled response.
///
/// @param number of the sample among those of its prompt
/// @param ids token ids, with the end token if there was one
/// @param tokenLogProbs the model's own log-probability of each token in nats, at temperature 1 and
///   without truncation
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Sample(int number, int[] ids, float[] tokenLogProbs, Finish finish) {
  /// Why a response ended.
  public enum Finish {
    /// A stop token or the caller's condition.
    STOP,
    /// As many tokens as were allowed, or the end of the context.
    LENGTH
  }

  /// ln π(response | prompt).
  public float logProb() {
    return LogProbs.sum(tokenLogProbs);
  }
}
