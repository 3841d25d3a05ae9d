package dev.irpo.config;

import dev.irpo.setting.Setting;
import java.util.List;

/// The sampling of responses from M_t.
public record RolloutSettings(
    @Setting(value = "30", range = "[1, 100000]", doc = "N, samples per prompt") int perPrompt,
    @Setting(
            value = "[0.8, 0.8, 1.3, 1.3]",
            range = "[0, 100]",
            doc = "temperature of each iteration; the last holds for all later ones; 0: greedy")
        List<Double> temperature,
    @Setting(
            value = "0",
            range = "[0, 10000000]",
            doc = "top-k sampling: only the k most likely tokens are drawn; 0: off")
        int topK,
    @Setting(
            value = "1",
            range = "(0, 1]",
            doc =
                "top-p (nucleus) sampling: only the fewest tokens with this total probability are"
                    + " drawn; 1: off")
        double topP,
    @Setting(value = "512", range = "[1, 1000000]", doc = "most tokens of a response")
        int maxNewTokens,
    @Setting(value = "32", range = "[1, 65536]", doc = "responses sampled at a time") int slots) {

  /// The temperature of an iteration, counted from 1.
  public double temperatureOf(int iteration) {
    return temperature.get(Math.min(iteration, temperature.size()) - 1);
  }
}
