package dev.irpo.benchmarks;

import dev.irpo.check.kernel.KernelSizes;

/// Sizes of a transformer layer that kernels are timed at.
public enum NamedSizes {
  /// The smallest that reach every kind of tile; for tests.
  SMALL(130, 24, 40, 50, 3, 8, 3),
  /// The demo's model of a million parameters and the micro-batch of its training.
  DEMO(2048, 160, 448, 512, 5, 32, 64),
  /// A model of some hundred million parameters.
  LARGER(512, 768, 2048, 4096, 12, 64, 64),
  /// A model of 0.9 million parameters, 16 pairs of 64 + 64 + 64 tokens.
  S(3072, 128, 352, 512, 4, 32, 60),
  /// A model of 24 million parameters, 16 pairs of 128 + 128 + 128 tokens.
  M(6144, 288, 768, 32000, 6, 48, 60),
  /// A model of 134 million parameters, 4 pairs of 128 + 128 + 128 tokens.
  L(1536, 768, 2048, 32000, 12, 64, 60),
  /// The product that libraries are compared by.
  SQUARE(2048, 2048, 2048, 2048, 16, 128, 64),
  /// A layer and the head of Llama-2-7B.
  LLAMA_2_7B(512, 4096, 11008, 32000, 32, 128, 64);

  @SuppressWarnings("ImmutableEnumChecker") // a record of numbers
  private final KernelSizes sizes;

  NamedSizes(
      int rows, int embedDim, int ffnDim, int vocabSize, int numHeads, int headDim, int slots) {
    sizes = new KernelSizes(rows, embedDim, ffnDim, vocabSize, numHeads, numHeads, headDim, slots);
  }

  /// The sizes.
  KernelSizes sizes() {
    return sizes;
  }
}
