package dev.irpo.check.kernel;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// What a kernel is called with, by name; filled with the same numbers each time.
final class Arguments {
  /// One argument.
  record Argument(String name, DType type, long count, Use use, Supplier<Buffer> content) {
    boolean isResult() {
      return use != Use.READ;
    }

    /// Whether it is an output of the program: integers, which no variable holds.
    boolean isOutput() {
      return type == DType.INT32 && isResult();
    }

    /// Bytes that a call moves at least.
    long bytes() {
      return (use == Use.UPDATED ? 2 : 1) * count * type.bytes();
    }
  }

  /// What a kernel does with an argument.
  enum Use {
    READ,
    WRITTEN,
    /// Read and written.
    UPDATED
  }

  private final List<Argument> all = new ArrayList<>();

  /// Normal numbers of either sign.
  Arguments normal(String name, long count) {
    return add(name, count, Use.READ);
  }

  /// What the kernel writes whole; normal numbers before.
  Arguments result(String name, long count) {
    return add(name, count, Use.WRITTEN);
  }

  /// What the kernel adds to or changes; normal numbers before.
  Arguments updated(String name, long count) {
    return add(name, count, Use.UPDATED);
  }

  /// Normal numbers of either sign in bfloat16.
  Arguments half(String name, long count) {
    return add(name, DType.BF16, count, Use.READ);
  }

  /// The same as what the kernel writes whole.
  Arguments halfResult(String name, long count) {
    return add(name, DType.BF16, count, Use.WRITTEN);
  }

  private Arguments add(String name, long count, Use use) {
    return add(name, DType.F32, count, use);
  }

  private Arguments add(String name, DType type, long count, Use use) {
    int key = all.size() + 1;
    all.add(new Argument(name, type, count, use, () -> Fills.normal(type, count, key)));
    return this;
  }

  /// Positive numbers that the kernel changes.
  Arguments updatedPositive(String name, long count) {
    int key = all.size() + 1;
    all.add(new Argument(name, DType.F32, count, Use.UPDATED, () -> Fills.uniform(count, key)));
    return this;
  }

  /// Given numbers.
  Arguments numbers(String name, double... values) {
    all.add(new Argument(name, DType.F32, values.length, Use.READ, () -> Fills.of(values)));
    return this;
  }

  /// Numbers that are made when they are needed.
  Arguments numbers(String name, long count, Supplier<Buffer> content) {
    all.add(new Argument(name, DType.F32, count, Use.READ, content));
    return this;
  }

  /// Integers.
  Arguments ints(String name, long count, Supplier<Buffer> content) {
    all.add(new Argument(name, DType.INT32, count, Use.READ, content));
    return this;
  }

  /// Integers that the kernel writes whole.
  Arguments intResult(String name, long count) {
    all.add(
        new Argument(
            name, DType.INT32, count, Use.WRITTEN, () -> Fills.ascending(Math.toIntExact(count))));
    return this;
  }

  /// All, in order.
  List<Argument> all() {
    return List.copyOf(all);
  }

  /// Bytes of all arguments, of those that change twice.
  long bytes() {
    return all.stream().mapToLong(Argument::bytes).sum();
  }
}
