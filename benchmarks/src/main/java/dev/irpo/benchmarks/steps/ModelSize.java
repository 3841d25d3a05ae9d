package dev.irpo.benchmarks.steps;

import dev.irpo.check.step.StepShape;
import dev.irpo.transformer.LlamaConfig;
import java.util.List;

/// Models of three sizes with the work of a step, the same that the peers are measured with.
enum ModelSize {
  S(128, 352, 4, 4, 512, 64, 16, 1536),
  M(288, 768, 6, 6, 32_000, 128, 16, 3072),
  L(768, 2048, 12, 12, 32_000, 128, 4, 1536);

  private static final int CONTEXT = 1024;

  private final int embedDim;
  private final int ffnDim;
  private final int numLayers;
  private final int numHeads;
  private final int vocabSize;
  private final int tokens;
  private final int pairs;
  private final int tokenBudget;

  /// @param tokens of a prompt, and of a response
  ModelSize(
      int embedDim,
      int ffnDim,
      int numLayers,
      int numHeads,
      int vocabSize,
      int tokens,
      int pairs,
      int tokenBudget) {
    this.embedDim = embedDim;
    this.ffnDim = ffnDim;
    this.numLayers = numLayers;
    this.numHeads = numHeads;
    this.vocabSize = vocabSize;
    this.tokens = tokens;
    this.pairs = pairs;
    this.tokenBudget = tokenBudget;
  }

  /// Sizes of the model.
  LlamaConfig config() {
    return config(vocabSize, embedDim, ffnDim, numLayers, numHeads, CONTEXT);
  }

  /// A model with a key head for each head, and an untied head.
  static LlamaConfig config(
      int vocabSize, int embedDim, int ffnDim, int numLayers, int numHeads, int context) {
    return new LlamaConfig(
        vocabSize,
        embedDim,
        ffnDim,
        numLayers,
        numHeads,
        numHeads,
        embedDim / numHeads,
        context,
        10_000,
        1e-5,
        false,
        1,
        List.of(2));
  }

  /// Its training step.
  StepShape step() {
    return new StepShape(pairs, tokens, tokens, tokenBudget, false);
  }

  /// Tokens of a prompt.
  int promptTokens() {
    return tokens;
  }
}
