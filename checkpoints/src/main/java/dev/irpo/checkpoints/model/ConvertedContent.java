package dev.irpo.checkpoints.model;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;

/// A tensor's elements in another type, converted while they are read, at whole elements.
///
/// @param dtype F32, F16 or BF16, as the tensor's own
public record ConvertedContent(StoredTensor tensor, DType dtype) implements TensorContent {
  /// Elements converted at a time.
  private static final int PIECE = 1 << 14;

  /// The tensor in a type, whatever it is stored in; itself if it has that already, or is of none
  /// that is converted.
  public static StoredTensor of(StoredTensor tensor, DType dtype) {
    boolean hasIt = tensor.dtype() == dtype && tensor.quantised().isEmpty();
    return hasIt || !FloatConversion.supports(tensor.dtype())
        ? tensor
        : new StoredTensor(
            tensor.name(), dtype, tensor.shape(), new ConvertedContent(tensor, dtype));
  }

  @Override
  public long byteSize() {
    return tensor.shape().numElements() * dtype.bytes();
  }

  @Override
  public void read(long offset, MemorySegment target) {
    long first = offset / dtype.bytes();
    long count = target.byteSize() / dtype.bytes();
    if (offset % dtype.bytes() != 0 || target.byteSize() % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          "%d bytes from %d on are not whole elements of %s"
              .formatted(target.byteSize(), offset, dtype));
    }
    int from = tensor.dtype().bytes();
    MemorySegment read = MemorySegment.ofArray(new byte[(int) Math.min(PIECE, count) * from]);
    for (long done = 0; done < count; done += PIECE) {
      long now = Math.min(PIECE, count - done);
      MemorySegment in = read.asSlice(0, now * from);
      tensor.content().read((first + done) * from, in);
      MemorySegment out = target.asSlice(done * dtype.bytes(), now * dtype.bytes());
      FloatConversion.convert(tensor.dtype(), in, dtype, out);
    }
  }
}
