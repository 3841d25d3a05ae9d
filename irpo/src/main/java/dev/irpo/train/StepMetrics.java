package dev.irpo.train;

import dev.irpo.transformer.train.StepResult;
import java.util.SequencedMap;

/// A line of `metrics.jsonl`: means over the pairs of a step.
///
/// @param step from 1
/// @param loss the whole loss of the paper's version
/// @param nll its NLL term, nats per token
/// @param dpo its DPO term
/// @param chosenLogProb ln M_θ(chosen | prompt), nats
/// @param rejectedLogProb ln M_θ(rejected | prompt), nats
/// @param chosenReward β·ln(M_θ/M_t) of the chosen
/// @param rejectedReward β·ln(M_θ/M_t) of the rejected
/// @param rewardMargin their difference
/// @param rewardAccuracy share of pairs with a positive margin
/// @param gradNorm global norm before clipping
/// @param learningRate of this step
/// @param tokensPerSecond transformer rows by wall time; the one number that varies between runs
public record StepMetrics(
    int step,
    double loss,
    double nll,
    double dpo,
    double chosenLogProb,
    double rejectedLogProb,
    double chosenReward,
    double rejectedReward,
    double rewardMargin,
    double rewardAccuracy,
    double gradNorm,
    double learningRate,
    double tokensPerSecond)
    implements StepLine {
  static StepMetrics of(
      int step, StepResult result, double gradNorm, double learningRate, double seconds) {
    SequencedMap<String, float[]> metrics = result.metrics();
    float[] chosen = metrics.get("chosenReward");
    float[] rejected = metrics.get("rejectedReward");
    int wins = 0;
    for (int i = 0; i < chosen.length; i++) {
      wins += chosen[i] > rejected[i] ? 1 : 0;
    }
    double chosenReward = mean(chosen);
    double rejectedReward = mean(rejected);
    return new StepMetrics(
        step,
        mean(metrics.get("loss")),
        mean(metrics.get("nll")),
        mean(metrics.get("dpo")),
        mean(metrics.get("chosenLogProb")),
        mean(metrics.get("rejectedLogProb")),
        chosenReward,
        rejectedReward,
        chosenReward - rejectedReward,
        (double) wins / chosen.length,
        gradNorm,
        learningRate,
        result.rows() / seconds);
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
