package dev.irpo.benchmarks;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// What a kernel is called with, by name; filled with the same numbers each time.
final class Arguments {
  /// One argument.
  ///
  /// @param isResult whether the kernel writes or changes it
  record Argument(
      String name, DType type, long count, boolean isResult, Supplier<Buffer> content) {}

  private final List<Argument> all = new ArrayList<>();

  /// Normal numbers of either sign.
  Arguments normal(String name, long count) {
    return add(name, count, false);
  }

  /// What the kernel writes, adds to or changes; normal numbers before.
  Arguments result(String name, long count) {
    return add(name, count, true);
  }

  private Arguments add(String name, long count, boolean isResult) {
    int key = all.size() + 1;
    all.add(new Argument(name, DType.F32, count, isResult, () -> Fills.normal(count, key)));
    return this;
  }

  /// Positive numbers that the kernel changes.
  Arguments positiveResult(String name, long count) {
    int key = all.size() + 1;
    all.add(new Argument(name, DType.F32, count, true, () -> Fills.uniform(count, key)));
    return this;
  }

  /// Given numbers.
  Arguments numbers(String name, double... values) {
    all.add(new Argument(name, DType.F32, values.length, false, () -> Fills.of(values)));
    return this;
  }

  /// Integers.
  Arguments ints(String name, long count, Supplier<Buffer> content) {
    all.add(new Argument(name, DType.INT32, count, false, content));
    return this;
  }

  /// All, in order.
  List<Argument> all() {
    return List.copyOf(all);
  }

  /// Bytes of all arguments.
  long bytes() {
    return all.stream().mapToLong(a -> a.count() * a.type().bytes()).sum();
  }
}
