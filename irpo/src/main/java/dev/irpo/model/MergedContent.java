package dev.irpo.model;

import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// W + s·B·A in single precision, computed while it is read, at whole elements.
///
/// @param weight W (out, in) in single precision
/// @param a A (r, in) likewise
/// @param b B (out, r) likewise
/// @param scale s
record MergedContent(StoredTensor weight, StoredTensor a, StoredTensor b, double scale)
    implements TensorContent {
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  /// The weight with what an adapter adds, in its type.
  static StoredTensor of(StoredTensor weight, StoredTensor a, StoredTensor b, double scale) {
    MergedContent content =
        new MergedContent(
            ConvertedContent.of(weight, DType.F32),
            ConvertedContent.of(a, DType.F32),
            ConvertedContent.of(b, DType.F32),
            scale);
    StoredTensor merged = new StoredTensor(weight.name(), DType.F32, weight.shape(), content);
    return ConvertedContent.of(merged, weight.dtype());
  }

  @Override
  public long byteSize() {
    return weight.content().byteSize();
  }

  @Override
  public void read(long offset, MemorySegment target) {
    weight.content().read(offset, target);
    int width = weight.shape().size(1);
    long begin = offset / Float.BYTES;
    long end = begin + target.byteSize() / Float.BYTES;
    long row = begin / width;
    float[] factorA = floats(a, 0, a.shape().numElements());
    while (row * width < end) {
      long first = Math.max(begin, row * width);
      long last = Math.min(end, (row + 1) * width);
      add(
          factorA,
          row,
          (int) (first - row * width),
          (int) (last - first),
          target.asSlice((first - begin) * Float.BYTES, (last - first) * Float.BYTES));
      row++;
    }
  }

  /// Adds a part of a row, each sum in double precision, in the order of the ranks.
  private void add(float[] factorA, long row, int column, int count, MemorySegment target) {
    int rank = a.shape().size(0);
    int width = a.shape().size(1);
    float[] factorB = floats(b, row * rank, rank);
    double[] sums = new double[count];
    for (int r = 0; r < rank; r++) {
      for (int i = 0; i < count; i++) {
        sums[i] += (double) factorB[r] * factorA[r * width + column + i];
      }
    }
    for (int i = 0; i < count; i++) {
      target.setAtIndex(FLOAT, i, (float) (target.getAtIndex(FLOAT, i) + scale * sums[i]));
    }
  }

  private static float[] floats(StoredTensor tensor, long first, long count) {
    float[] values = new float[Math.toIntExact(count)];
    tensor.content().read(first * Float.BYTES, MemorySegment.ofArray(values));
    return values;
  }
}
