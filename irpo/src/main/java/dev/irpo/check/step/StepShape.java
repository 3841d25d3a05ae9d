package dev.irpo.check.step;

import dev.irpo.transformer.LlamaConfig;

/// The work of a training step.
///
/// @param pairs of a prompt and two responses
/// @param promptTokens of each prompt
/// @param responseTokens of each response
/// @param tokenBudget rows of a micro-batch
/// @param recompute whether activations are computed again in the backward pass
public record StepShape(
    int pairs, int promptTokens, int responseTokens, int tokenBudget, boolean recompute) {
  /// Floating-point operations of the step's products at least, attention not counted.
  ///
  /// ```text
  /// layers: 6 · weights · rows     forward once, backward twice; a pair's prompt is computed once
  /// head:   8 · V·C · scored       and once more forward, because logits never exist whole
  /// ```
  public double flops(LlamaConfig config) {
    double weights =
        (double) config.numLayers()
            * config.embedDim()
            * (2.0 * config.queryDim() + 2.0 * config.keyDim() + 3.0 * config.ffnDim());
    double rows = promptTokens + 2.0 * (responseTokens - 1);
    double scoredPositions = promptTokens - 1 + 2.0 * responseTokens;
    double head = (double) config.vocabSize() * config.embedDim();
    return pairs * (6 * weights * rows + 8 * head * scoredPositions);
  }

  /// The same of so many pairs.
  public StepShape ofPairs(int pairs) {
    return new StepShape(pairs, promptTokens, responseTokens, tokenBudget, recompute);
  }

  /// Tokens that are read: prompt and both responses of each pair.
  public int tokens() {
    return pairs * (promptTokens + 2 * responseTokens);
  }
}
