package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongToDoubleFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// A kernel with arguments, and how far its results may lie from the reference.
final class KernelCase {
  /// Runs the kernel; `side` picks one of the three forms of each argument.
  interface Call {
    void run(Kernels kernels, Function<KernelTensor, Buffer> side);
  }

  private record Result(KernelTensor tensor, LongToDoubleFunction tolerance) {}

  private final String name;
  private final Call call;
  private final List<KernelTensor> inputs;
  private final List<Result> results = new ArrayList<>();

  KernelCase(String name, Call call, KernelTensor... inputs) {
    this.name = name;
    this.call = call;
    this.inputs = List.of(inputs);
  }

  /// A result that is a sum of `terms` products: 4·√n·u·Σ|aᵢbᵢ|.
  KernelCase sums(KernelTensor tensor, double terms) {
    double factor = 4 * Math.sqrt(terms) * KernelTensor.UNIT;
    return within(tensor, i -> factor * tensor.magnitude().get(i));
  }

  /// A result that a few exactly rounded operations compute.
  KernelCase rounded(KernelTensor tensor, double units) {
    double factor = units * KernelTensor.UNIT;
    return within(tensor, i -> factor * Math.max(Math.abs(tensor.exact().get(i)), 1e-3));
  }

  /// A result with a tolerance of its own.
  KernelCase within(KernelTensor tensor, LongToDoubleFunction tolerance) {
    results.add(new Result(tensor, tolerance));
    return this;
  }

  String name() {
    return name;
  }

  /// Whether an argument has a type.
  boolean has(DType type) {
    return Stream.concat(inputs.stream(), results.stream().map(Result::tensor))
        .anyMatch(tensor -> tensor.single().dtype() == type);
  }

  /// Calls kernels that do not compute anything.
  ///
  /// @return whether a buffer is a result that [#check] compares
  Predicate<Object> call(Kernels kernels) {
    call.run(kernels, KernelTensor::single);
    return buffer -> results.stream().anyMatch(result -> result.tensor.single() == buffer);
  }

  /// Elements of all arguments.
  long elements() {
    long results = this.results.stream().mapToLong(r -> r.tensor.single().numElements()).sum();
    return results + inputs.stream().mapToLong(x -> x.single().numElements()).sum();
  }

  /// Compares kernels with the reference.
  void check(Kernels reference, Kernels tested) {
    results.forEach(result -> result.tensor.fill());
    inputs.forEach(KernelTensor::fill);
    call.run(reference, KernelTensor::exact);
    call.run(reference, KernelTensor::magnitude);
    call.run(tested, KernelTensor::single);
    for (Result result : results) {
      result.tensor.requireGuards();
      result.tensor.requireClose(result.tolerance);
    }
    inputs.forEach(KernelTensor::requireGuards);
  }

  /// Runs kernels on fresh arguments and returns a number that changes with any bit of the results.
  long bits(Kernels tested) {
    results.forEach(result -> result.tensor.fillSingle());
    inputs.forEach(KernelTensor::fillSingle);
    call.run(tested, KernelTensor::single);
    long sum = 0;
    for (Result result : results) {
      sum = sum * 31 + result.tensor.checksum();
    }
    return sum;
  }
}
