package dev.irpo.transformer.train;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Locale;
import java.util.OptionalLong;

/// What parameters that are rounded to a type of 16 bits ([HalfPrecision]) may be.
///
/// @param setting the key that asks for the type, for messages
public record Rounding(DType type, String setting) {
  private static final int CHUNK = 1 << 12;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  /// What a trainer rounds to.
  ///
  /// @param inMemory type of the parameters that programs read
  public static Rounding to(DType type, DType inMemory) {
    return new Rounding(type, inMemory.isHalf() ? "train.precision" : "train.parameterType");
  }

  private interface Fault {
    boolean isIn(float value);
  }

  /// Requires numbers that a training may begin with: they are not rounded.
  ///
  /// @param values single precision
  /// @throws IllegalArgumentException naming the first one that the type does not have
  public void requireExact(String tensor, MemorySegment values) {
    OptionalLong inexact =
        first(values, value -> Float.compare(value, HalfPrecision.rounded(type, value)) != 0);
    if (inexact.isPresent()) {
      float value = at(values, inexact.getAsLong());
      throw new IllegalArgumentException(
          "tensor '%s' has %s where %s has %s, and %s=%3$s begins with numbers of the type: round the model before (bin/irpo convert --dtype %3$s), or train in f32"
              .formatted(tensor, value, name(), HalfPrecision.rounded(type, value), setting));
    }
  }

  /// Requires numbers that do not become infinite.
  ///
  /// @param values single precision, after an update
  /// @throws IllegalArgumentException naming the first one that does
  void requireInRange(String tensor, MemorySegment values) {
    float overflow = HalfPrecision.overflow(type);
    if (largestMagnitude(values) >= Float.floatToIntBits(overflow)) {
      OptionalLong tooLarge = first(values, value -> !(Math.abs(value) < overflow));
      throw new IllegalArgumentException(
          "tensor '%s' came to %s, %s ends at %s: into another --out, train with %s=%s or a lower optimizer.learningRate"
              .formatted(
                  tensor,
                  at(values, tooLarge.orElseThrow()),
                  name(),
                  HalfPrecision.widened(type, (short) (infinite() - 1)),
                  setting,
                  type == DType.F16 ? "bf16 or f32" : "f32"));
    }
  }

  private short infinite() {
    return HalfPrecision.narrowed(type, Float.POSITIVE_INFINITY);
  }

  private String name() {
    return type.name().toLowerCase(Locale.ROOT);
  }

  private static float at(MemorySegment values, long index) {
    return values.getAtIndex(FLOAT, index);
  }

  /// The bits of the largest number without its sign; those of a NaN are larger still. A loop that
  /// the compiler makes vectors of, since it runs in every step.
  private static int largestMagnitude(MemorySegment values) {
    int[] chunk = new int[CHUNK];
    long count = values.byteSize() / Float.BYTES;
    int largest = 0;
    for (long begin = 0; begin < count; begin += CHUNK) {
      int length = (int) Math.min(CHUNK, count - begin);
      MemorySegment.copy(values, INT, begin * Float.BYTES, chunk, 0, length);
      for (int i = 0; i < length; i++) {
        largest = Math.max(largest, chunk[i] & Integer.MAX_VALUE);
      }
    }
    return largest;
  }

  private static OptionalLong first(MemorySegment values, Fault fault) {
    float[] chunk = new float[CHUNK];
    long count = values.byteSize() / Float.BYTES;
    for (long begin = 0; begin < count; begin += CHUNK) {
      int length = (int) Math.min(CHUNK, count - begin);
      MemorySegment.copy(values, FLOAT, begin * Float.BYTES, chunk, 0, length);
      for (int i = 0; i < length; i++) {
        if (fault.isIn(chunk[i])) {
          return OptionalLong.of(begin + i);
        }
      }
    }
    return OptionalLong.empty();
  }
}
