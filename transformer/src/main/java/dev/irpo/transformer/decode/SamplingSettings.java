package dev.irpo.transformer.decode;

import dev.irpo.tensor.kernel.TokenDraw;
import java.util.List;

/// How tokens are drawn. Truncation and temperature shape what is drawn, never the
/// log-probabilities that are recorded.
///
/// @param temperature divides the logits; 0 takes the most probable token, on a tie the lowest id
/// @param topK keeps the k most probable tokens; 0 keeps all
/// @param topP then keeps the fewest tokens that have this probability together; 1 keeps all
/// @param maxNewTokens longest response, its end token included
/// @param stopIds tokens that end a response and belong to it; none to ignore the model's end token
/// @param drawable tokens with this id and above are never drawn: rows of the embedding beyond the
///   tokenizer's tokens
public record SamplingSettings(
    double temperature,
    int topK,
    double topP,
    int maxNewTokens,
    List<Integer> stopIds,
    int drawable) {
  /// Checks the ranges.
  ///
  /// @throws IllegalArgumentException naming the option that is out of range
  public SamplingSettings {
    require("temperature", temperature, temperature >= 0 && temperature < 1e6, "0 or above");
    require("top-k", topK, topK >= 0, "0 (off) or above");
    require("top-p", topP, topP > 0 && topP <= 1, "above 0 and at most 1 (off)");
    require("max-new-tokens", maxNewTokens, maxNewTokens > 0, "1 or above");
    require("drawable", drawable, drawable > 0, "1 or above");
    stopIds = List.copyOf(stopIds);
  }

  /// The same with every token drawable.
  public SamplingSettings(
      double temperature, int topK, double topP, int maxNewTokens, List<Integer> stopIds) {
    this(temperature, topK, topP, maxNewTokens, stopIds, Integer.MAX_VALUE);
  }

  private static void require(String option, Number value, boolean holds, String range) {
    if (!holds) {
      throw new IllegalArgumentException(option + " is " + value + ", it must be " + range);
    }
  }

  /// The most probable token each time.
  public static SamplingSettings greedy(int maxNewTokens, List<Integer> stopIds) {
    return new SamplingSettings(0, 0, 1, maxNewTokens, stopIds);
  }

  /// A draw from a row of logits.
  TokenDraw draw(int row, double uniform) {
    return new TokenDraw(row, temperature, topK, topP, drawable, uniform);
  }

  boolean stopsAt(int token) {
    return stopIds.contains(token);
  }
}
