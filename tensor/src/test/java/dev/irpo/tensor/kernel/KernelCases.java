package dev.irpo.tensor.kernel;

import dev.irpo.tensor.DType;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Every kernel of every family, with arguments that reach bodies, remainders and tails.
final class KernelCases {
  private KernelCases() {}

  /// Those whose arguments devices have.
  static Stream<KernelCase> ofDevices() {
    return all().filter(c -> !c.has(DType.F16));
  }

  static Stream<KernelCase> all() {
    return Stream.<Supplier<Stream<KernelCase>>>of(
            MatrixCases::all,
            RowCases::all,
            AttentionCases::all,
            ElementwiseCases::all,
            ScoreCases::all,
            OptimizerCases::all)
        .flatMap(Supplier::get);
  }
}
