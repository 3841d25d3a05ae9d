package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.util.function.IntUnaryOperator;
import java.util.function.LongToDoubleFunction;

/// One argument of a kernel, three times: in double precision for the reference, in single (or
/// half) precision between guards for the backend under test, and with absolute values, so that the
/// reference also yields Σ|aᵢbᵢ|.
///
/// The guards before and after the elements are NaNs with a payload: reading one spoils a result,
/// writing one is noticed.
public final class KernelTensor {
  /// Half a unit in the last place of 1 in single precision.
  public static final double UNIT = 0x1p-24;

  private static final int GUARDS = 16;
  private static final int GUARD_BITS = 0x7fc0beef;

  private final String name;
  private final Buffer exact;
  private final Buffer magnitude;
  private final int guards;
  private final Buffer whole;
  private final Buffer single;
  private final LongToDoubleFunction content;

  private KernelTensor(String name, DType type, long n, LongToDoubleFunction content) {
    this.name = name;
    this.content = content;
    boolean isInt = type == DType.INT32;
    guards = type.isHalf() ? 2 * GUARDS : GUARDS;
    exact = Buffer.allocate(isInt ? type : DType.F64, n);
    magnitude = Buffer.allocate(isInt ? type : DType.F64, n);
    whole = Buffer.allocate(type, n + 2L * guards);
    single = whole.slice(guards, n).asWorkspace();
    for (long i = 0; i < GUARDS; i++) {
      before().setInt(i, GUARD_BITS);
      after().setInt(i, GUARD_BITS);
    }
  }

  private Buffer before() {
    return whole.slice(0, guards);
  }

  private Buffer after() {
    return whole.slice(whole.numElements() - guards, guards);
  }

  /// An input, or a tensor that the kernel updates, with signed elements.
  public static KernelTensor signed(String name, long seed, long n) {
    return new KernelTensor(name, DType.F32, n, i -> Samples.signed(seed, i));
  }

  /// An input computed from the index of each element.
  public static KernelTensor of(String name, long n, LongToDoubleFunction content) {
    return new KernelTensor(name, DType.F32, n, content);
  }

  /// An input of 16 bits with signed elements.
  public static KernelTensor half(String name, DType type, long seed, long n) {
    return new KernelTensor(
        name, type, n, i -> HalfPrecision.rounded(type, Samples.signed(seed, i)));
  }

  /// Something in bfloat16 that the kernel has to write whole: NaN before.
  public static KernelTensor halfOutput(String name, long n) {
    return new KernelTensor(name, DType.BF16, n, i -> Double.NaN);
  }

  /// Something the kernel has to write whole: NaN before.
  public static KernelTensor output(String name, long n) {
    return new KernelTensor(name, DType.F32, n, i -> Double.NaN);
  }

  /// An input of integers.
  public static KernelTensor ints(String name, int n, IntUnaryOperator content) {
    return new KernelTensor(name, DType.INT32, n, i -> content.applyAsInt((int) i));
  }

  /// Integers that the kernel has to write whole.
  public static KernelTensor outputInts(String name, int n) {
    return ints(name, n, i -> Integer.MIN_VALUE);
  }

  private static double get(Buffer buffer, long i) {
    return buffer.dtype() == DType.INT32 ? buffer.getInt(i) : buffer.get(i);
  }

  private static void set(Buffer buffer, long i, double value) {
    if (buffer.dtype() == DType.INT32) {
      buffer.setInt(i, (int) value);
    } else {
      buffer.set(i, value);
    }
  }

  /// Writes the first content to all forms.
  void fill() {
    boolean isInt = exact.dtype() == DType.INT32;
    for (long i = 0; i < exact.numElements(); i++) {
      double value = isInt ? content.applyAsDouble(i) : (float) content.applyAsDouble(i);
      set(exact, i, value);
      set(magnitude, i, isInt ? value : Math.abs(value));
      set(single, i, value);
    }
  }

  /// Writes the first content to the single-precision form alone.
  void fillSingle() {
    for (long i = 0; i < exact.numElements(); i++) {
      set(single, i, content.applyAsDouble(i));
    }
  }

  /// The argument in double precision.
  public Buffer exact() {
    return exact;
  }

  /// The argument's absolute values in double precision.
  public Buffer magnitude() {
    return magnitude;
  }

  /// The argument in single precision, guarded.
  public Buffer single() {
    return single;
  }

  /// Fails if an element before or after the argument was written.
  void requireGuards() {
    for (long i = 0; i < GUARDS; i++) {
      assertEquals(GUARD_BITS, before().getInt(i), () -> name + " was written before its start");
      assertEquals(GUARD_BITS, after().getInt(i), () -> name + " was written past its end");
    }
  }

  /// Fails if an element differs from the reference by more than `tolerance.applyAsDouble(index)`.
  void requireClose(LongToDoubleFunction tolerance) {
    for (long i = 0; i < exact.numElements(); i++) {
      double allowed = tolerance.applyAsDouble(i) + Float.MIN_NORMAL;
      double actual = get(single, i);
      double expected = get(exact, i);
      double error = Math.abs(actual - expected);
      if (!(error <= allowed)) {
        throw new AssertionError(
            "%s[%d] is %s, the reference has %s: error %.3g, allowed %.3g"
                .formatted(name, i, actual, expected, error, allowed));
      }
    }
  }

  /// Largest absolute value that the reference computed.
  double largest() {
    double largest = 0;
    for (long i = 0; i < exact.numElements(); i++) {
      largest = Math.max(largest, Math.abs(exact.get(i)));
    }
    return largest;
  }

  /// A number that changes with any bit of the elements.
  public long checksum() {
    long sum = 17;
    for (long i = 0; i < single.numElements(); i++) {
      int bits =
          single.dtype().isHalf()
              ? Float.floatToRawIntBits((float) single.get(i))
              : single.getInt(i);
      sum = sum * 0x100000001B3L + bits;
    }
    return sum;
  }
}
