package dev.irpo.check.kernel;

import dev.irpo.transformer.LlamaConfig;
import java.util.stream.Stream;

/// Sizes of a transformer layer, and of the work that it gets, that kernels are called at.
///
/// @param rows R, of a micro-batch
/// @param embedDim C
/// @param ffnDim F
/// @param vocabSize V
/// @param numHeads H, query heads
/// @param numKvHeads G, key and value heads
/// @param headDim D
/// @param slots rows of a decode step
public record KernelSizes(
    int rows,
    int embedDim,
    int ffnDim,
    int vocabSize,
    int numHeads,
    int numKvHeads,
    int headDim,
    int slots) {
  /// Tokens that a response has before the decode step.
  static final int CONTEXT = 128;

  /// A prompt and two responses need a row each.
  private static final int LEAST_ROWS = 3;

  private static final int LEAST_SLOTS = 2;
  private static final int LEAST_WIDTH = 32;

  /// What a cut must leave of the work, or another is tried.
  private static final double WORTH = 0.9;

  /// Those of a model.
  public static KernelSizes of(LlamaConfig model, int rows, int slots) {
    return new KernelSizes(
        rows,
        model.embedDim(),
        model.ffnDim(),
        model.vocabSize(),
        model.numHeads(),
        model.numKvHeads(),
        model.headDim(),
        slots);
  }

  /// The largest that keep a kernel within limits: the model's, with fewer rows and slots as long
  /// as that takes work away, then with a smaller vocabulary or a narrower feed-forward layer.
  ///
  /// @param flops of a call on the reference, what is computed before it included
  /// @param bytes of its arguments
  public KernelSizes within(KernelWork work, double flops, double bytes) {
    KernelSizes sizes = this;
    while (work.referenceFlops(sizes) > flops || work.arguments(sizes).bytes() > bytes) {
      KernelSizes smaller = sizes.smaller(work);
      if (smaller.equals(sizes)) {
        return sizes;
      }
      sizes = smaller;
    }
    return sizes;
  }

  private KernelSizes smaller(KernelWork work) {
    double before = work.referenceFlops(this);
    return Stream.of(
            withRows(
                Math.min(rows, Math.max(LEAST_ROWS, rows / 2)),
                Math.min(slots, Math.max(LEAST_SLOTS, slots / 2))),
            withWidths(embedDim, ffnDim, half(vocabSize)),
            withWidths(embedDim, half(ffnDim), vocabSize))
        .filter(sizes -> work.referenceFlops(sizes) < WORTH * before)
        .findFirst()
        .orElse(this);
  }

  private static int half(int width) {
    return width <= LEAST_WIDTH ? width : width / 2;
  }

  private KernelSizes withRows(int rows, int slots) {
    return new KernelSizes(rows, embedDim, ffnDim, vocabSize, numHeads, numKvHeads, headDim, slots);
  }

  /// The same with other widths of the products.
  private KernelSizes withWidths(int embedDim, int ffnDim, int vocabSize) {
    return new KernelSizes(rows, embedDim, ffnDim, vocabSize, numHeads, numKvHeads, headDim, slots);
  }

  /// The same with products of at most this width.
  public KernelSizes noWiderThan(int width) {
    return withWidths(
        Math.min(embedDim, width), Math.min(ffnDim, width), Math.min(vocabSize, width));
  }

  /// Elements of the residual stream.
  long elements() {
    return (long) rows * embedDim;
  }

  /// In the letters of the dimensions.
  @Override
  public String toString() {
    return "R %d, C %d, F %d, V %d, H %d, G %d, D %d, slots %d"
        .formatted(rows, embedDim, ffnDim, vocabSize, numHeads, numKvHeads, headDim, slots);
  }
}
