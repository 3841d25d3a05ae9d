package dev.irpo.model;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongConsumer;

/// Fresh weights of a model that are computed while they are read, so that a checkpoint of any size
/// can be written from no memory.
///
/// Mean and deviation are those of [Parameters#random]; the values are others, from a
/// [NormalTable], drawn by the key of (seed, name) and the index, and rounded to the type.
///
/// @param dtype F32, F16 or BF16
/// @param onRead gets the number of bytes after each part that was computed
public record RandomWeights(LlamaConfig config, DType dtype, long seed, LongConsumer onRead) {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Checks the type.
  ///
  /// @throws IllegalArgumentException if weights are never of that type
  public RandomWeights {
    var _ = pattern(dtype, 1);
  }

  /// The tensors in the order of the forward pass.
  public List<StoredTensor> tensors() {
    int[] plain = normalPatterns(Parameters.INITIAL_DEVIATION);
    int[] intoResidual =
        normalPatterns(Parameters.INITIAL_DEVIATION / Math.sqrt(2.0 * config.numLayers()));
    int[] ones = new int[NormalTable.SIZE];
    Arrays.fill(ones, pattern(dtype, 1));
    int[] zeros = new int[NormalTable.SIZE];
    return config.parameterShapes().entrySet().stream()
        .map(entry -> {
          String name = entry.getKey();
          boolean writesResidual =
              name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
          int[] matrix = writesResidual ? intoResidual : plain;
          int[] vector = name.endsWith(".bias") ? zeros : ones;
          return tensor(name, entry.getValue(), entry.getValue().rank() == 1 ? vector : matrix);
        })
        .toList();
  }

  /// Bytes of all tensors.
  public long byteSize() {
    return Math.multiplyExact(config.numParameters(), dtype.bytes());
  }

  private StoredTensor tensor(String name, Shape shape, int[] patterns) {
    long key = CounterRandom.key(seed, name);
    long bytes = Math.multiplyExact(shape.numElements(), dtype.bytes());
    return new StoredTensor(name, dtype, shape, new Content(bytes, key, patterns));
  }

  private int[] normalPatterns(double deviation) {
    double[] numbers = NormalTable.ofDeviation(deviation);
    int[] patterns = new int[numbers.length];
    for (int i = 0; i < patterns.length; i++) {
      patterns[i] = pattern(dtype, (float) numbers[i]);
    }
    return patterns;
  }

  /// The bits of a value, rounded to nearest even.
  private static int pattern(DType dtype, float value) {
    int bits = Float.floatToRawIntBits(value);
    return switch (dtype) {
      case F32 -> bits;
      case F16 -> Float.floatToFloat16(value);
      case BF16 -> (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
      default -> throw new IllegalArgumentException("weights are f32, f16 or bf16, not " + dtype);
    };
  }

  /// Elements that are drawn from a table of their bits.
  private final class Content implements TensorContent {
    private final long bytes;
    private final long key;
    private final int[] patterns;

    Content(long bytes, long key, int[] patterns) {
      this.bytes = bytes;
      this.key = key;
      this.patterns = patterns;
    }

    @Override
    public long byteSize() {
      return bytes;
    }

    @Override
    public void read(long offset, MemorySegment target) {
      int width = dtype.bytes();
      if (offset % width != 0 || target.byteSize() % width != 0) {
        throw new IllegalArgumentException(
            "%d bytes from %d on are not whole elements of %s"
                .formatted(target.byteSize(), offset, dtype));
      }
      long first = offset / width;
      long count = target.byteSize() / width;
      if (width == Short.BYTES) {
        for (long i = 0; i < count; i++) {
          target.set(SHORT, Short.BYTES * i, (short) drawn(first + i));
        }
      } else {
        for (long i = 0; i < count; i++) {
          target.set(INT, Integer.BYTES * i, drawn(first + i));
        }
      }
      onRead.accept(target.byteSize());
    }

    private int drawn(long index) {
      return patterns[NormalTable.index(key, index)];
    }
  }
}
