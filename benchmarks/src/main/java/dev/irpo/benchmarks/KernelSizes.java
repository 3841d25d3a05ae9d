package dev.irpo.benchmarks;

/// Sizes of a transformer layer that kernels are timed at.
public enum KernelSizes {
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

  /// Tokens that a response has before the decode step.
  static final int CONTEXT = 128;

  private final int rows;
  private final int embedDim;
  private final int ffnDim;
  private final int vocabSize;
  private final int numHeads;
  private final int headDim;
  private final int slots;

  KernelSizes(
      int rows, int embedDim, int ffnDim, int vocabSize, int numHeads, int headDim, int slots) {
    this.rows = rows;
    this.embedDim = embedDim;
    this.ffnDim = ffnDim;
    this.vocabSize = vocabSize;
    this.numHeads = numHeads;
    this.headDim = headDim;
    this.slots = slots;
  }

  /// Rows of a micro-batch.
  int rows() {
    return rows;
  }

  int embedDim() {
    return embedDim;
  }

  int ffnDim() {
    return ffnDim;
  }

  int vocabSize() {
    return vocabSize;
  }

  int numHeads() {
    return numHeads;
  }

  int headDim() {
    return headDim;
  }

  /// Rows of a decode step.
  int slots() {
    return slots;
  }

  /// Elements of the residual stream.
  long elements() {
    return (long) rows * embedDim;
  }
}
