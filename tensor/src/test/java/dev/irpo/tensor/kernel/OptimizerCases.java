package dev.irpo.tensor.kernel;

import static dev.irpo.tensor.kernel.KernelTensor.output;
import static dev.irpo.tensor.kernel.KernelTensor.signed;

import java.util.stream.Stream;

/// Cases of [OptimizerKernels].
final class OptimizerCases {
  private OptimizerCases() {}

  static Stream<KernelCase> all() {
    return Stream.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 257, 1023, 9001)
        .flatMap(n ->
            Stream.of(
                squaredNorm(n),
                adamW(n, new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1)),
                adamW(n, new AdamWSettings(0.9, 0.999, 1e-8, 0, 0))));
  }

  private static KernelCase squaredNorm(int n) {
    KernelTensor out = output("out", 1);
    KernelTensor x = signed("x", 71, n);
    return new KernelCase(
            "squaredNorm " + n,
            (kernels, side) -> kernels.optimizer().squaredNorm(side.apply(out), side.apply(x), n),
            x)
        .sums(out, 1);
  }

  private static KernelCase adamW(int n, AdamWSettings settings) {
    KernelTensor param = signed("param", 72, n);
    KernelTensor firstMoment = signed("firstMoment", 73, n);
    KernelTensor secondMoment =
        KernelTensor.of("secondMoment", n, i -> Math.abs(Samples.signed(74, i)));
    KernelTensor gradient = signed("gradient", 75, n);
    KernelTensor norm = KernelTensor.of("squaredNorm", 1, i -> 9);
    KernelTensor schedule = KernelTensor.of("schedule", 3, i -> i == 0 ? 0x1p-6 : 0x1p-2 * i);
    return new KernelCase(
            "adamW " + n + " " + settings,
            (kernels, side) ->
                kernels
                    .optimizer()
                    .adamW(
                        side.apply(param),
                        side.apply(firstMoment),
                        side.apply(secondMoment),
                        side.apply(gradient),
                        side.apply(norm),
                        side.apply(schedule),
                        n,
                        settings),
            gradient,
            norm,
            schedule)
        .within(firstMoment, i -> 6 * KernelTensor.UNIT)
        .within(secondMoment, i -> 6 * KernelTensor.UNIT)
        .within(param, i -> 4 * KernelTensor.UNIT + 8 * KernelTensor.UNIT * param.largest());
  }
}
