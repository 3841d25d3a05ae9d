package dev.irpo.benchmarks;

/// Sizes of a transformer layer that kernels are timed at.
public enum KernelSizes {
  /// The smallest that reach every kind of tile; for tests.
  SMALL(130, 24, 40, 50, 3, 8),
  /// The demo's model and the micro-batch of its training.
  DEMO(2048, 160, 448, 512, 5, 32),
  /// A model of some hundred million parameters.
  LARGER(512, 768, 2048, 4096, 12, 64);

  private final int rows;
  private final int embedDim;
  private final int ffnDim;
  private final int vocabSize;
  private final int numHeads;
  private final int headDim;

  KernelSizes(int rows, int embedDim, int ffnDim, int vocabSize, int numHeads, int headDim) {
    this.rows = rows;
    this.embedDim = embedDim;
    this.ffnDim = ffnDim;
    this.vocabSize = vocabSize;
    this.numHeads = numHeads;
    this.headDim = headDim;
  }

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
}
