package dev.irpo.transformer;

/// Log-probabilities in nats.
public final class LogProbs {
  private LogProbs() {}

  /// The log-probability of a sequence from those of its tokens: summed in double precision in
  /// ascending order and rounded once, as [dev.irpo.tensor.kernel.ScoreKernels#segmentSum] does in
  /// a training step. The one definition, for samples, scores and stored references.
  public static float sum(float[] tokenLogProbs) {
    double sum = 0;
    for (float tokenLogProb : tokenLogProbs) {
      sum += tokenLogProb;
    }
    return (float) sum;
  }
}
