package dev.irpo.config;

import dev.irpo.setting.Setting;

/// What is measured of a model besides its accuracy with greedy decoding.
public record EvaluateSettings(
    @Setting(
            value = "32",
            range = "[0, 100000]",
            doc = "responses that vote on a problem's answer; 0: no vote")
        int majoritySamples,
    @Setting(value = "0.8", range = "(0, 100]", doc = "temperature of the responses that vote")
        double majorityTemperature,
    @Setting(value = "1", range = "(0, 1]", doc = "least reward of a correct response")
        double correctReward,
    @Setting(
            value = "0",
            range = "[0, 1000000]",
            doc =
                "pairs of an iteration, the same for all checkpoints of its training, on which"
                    + " each one's log-probabilities are measured; 0: none")
        int pairs) {
  /// Whether a response of this reward is correct.
  public boolean isCorrect(float reward) {
    return reward >= (float) correctReward;
  }
}
