package dev.irpo.tensor.kernel;

import static dev.irpo.tensor.kernel.KernelTensor.halfOutput;
import static dev.irpo.tensor.kernel.KernelTensor.output;
import static dev.irpo.tensor.kernel.KernelTensor.signed;

import dev.irpo.tensor.DType;
import java.util.stream.Stream;

/// Cases of [ElementwiseKernels].
final class ElementwiseCases {
  /// In the name of each case where the output is an input.
  static final String IN_PLACE = " in place ";

  private ElementwiseCases() {}

  static Stream<KernelCase> all() {
    return Stream.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 257, 1023, 40_003)
        .flatMap(n ->
            Stream.of(
                binary(n),
                scalar(n),
                accumulate(n),
                inPlace(n),
                sum(n),
                logSigmoid(n),
                swiGlu(n),
                half(n),
                float16(n)));
  }

  private static KernelCase binary(int n) {
    KernelTensor sum = output("a + b", n);
    KernelTensor difference = output("a − b", n);
    KernelTensor product = output("a · b", n);
    KernelTensor a = signed("a", 51, n);
    KernelTensor b = signed("b", 52, n);
    return new KernelCase(
            "add, subtract, multiply " + n,
            (kernels, side) -> {
              kernels.elementwise().add(side.apply(sum), side.apply(a), side.apply(b), n);
              kernels
                  .elementwise()
                  .subtract(side.apply(difference), side.apply(a), side.apply(b), n);
              kernels.elementwise().multiply(side.apply(product), side.apply(a), side.apply(b), n);
            },
            a,
            b)
        .rounded(sum, 1)
        .rounded(difference, 1)
        .rounded(product, 1);
  }

  private static KernelCase scalar(int n) {
    KernelTensor scaled = output("scaled", n);
    KernelTensor filled = output("filled", n);
    KernelTensor zero = output("zero", n);
    KernelTensor a = signed("a", 53, n);
    return new KernelCase(
            "scale, fill, zero " + n,
            (kernels, side) -> {
              kernels.elementwise().scale(side.apply(scaled), side.apply(a), n, -0.3);
              kernels.elementwise().fill(side.apply(filled), side.apply(a), n);
              kernels.elementwise().zero(side.apply(zero), n);
            },
            a)
        .rounded(scaled, 2)
        .within(filled, i -> 0)
        .within(zero, i -> 0);
  }

  private static KernelCase accumulate(int n) {
    KernelTensor target = signed("target", 54, n);
    KernelTensor x = signed("x", 56, n);
    return new KernelCase(
            "accumulate " + n,
            (kernels, side) ->
                kernels.elementwise().accumulate(side.apply(target), side.apply(x), n),
            x)
        .rounded(target, 1);
  }

  /// Rounding to eight bits moves a number by at most 2⁻⁹ of its next power of two.
  private static KernelCase half(int n) {
    KernelTensor narrowed = halfOutput("narrowed", n);
    KernelTensor widened = output("widened", n);
    KernelTensor x = signed("x", 63, n);
    KernelTensor half = KernelTensor.half("half", DType.BF16, 64, n);
    return new KernelCase(
            "narrow, widen " + n,
            (kernels, side) -> {
              kernels.elementwise().narrow(side.apply(narrowed), side.apply(x), n);
              kernels.elementwise().widen(side.apply(widened), side.apply(half), n);
            },
            x,
            half)
        .within(narrowed, i -> 0x1p-8 * Math.abs(narrowed.exact().get(i)))
        .within(widened, i -> 0);
  }

  private static KernelCase float16(int n) {
    KernelTensor widened = output("widened", n);
    KernelTensor half = KernelTensor.half("float16", DType.F16, 65, n);
    return new KernelCase(
            "widen float16 " + n,
            (kernels, side) ->
                kernels.elementwise().widen(side.apply(widened), side.apply(half), n),
            half)
        .within(widened, i -> 0);
  }

  private static KernelCase inPlace(int n) {
    KernelTensor gate = signed("gate", 55, n);
    KernelTensor x = signed("x", 56, n);
    return new KernelCase(
            "swiGlu" + IN_PLACE + n,
            (kernels, side) ->
                kernels.elementwise().swiGlu(side.apply(gate), side.apply(gate), side.apply(x), n),
            x)
        .rounded(gate, 12);
  }

  private static KernelCase sum(int n) {
    KernelTensor out = output("out", 1);
    KernelTensor x = signed("x", 57, n);
    return new KernelCase(
            "sum " + n,
            (kernels, side) -> kernels.elementwise().sum(side.apply(out), side.apply(x), n),
            x)
        .sums(out, 1);
  }

  private static KernelCase logSigmoid(int n) {
    KernelTensor out = output("out", n);
    KernelTensor dX = output("dX", n);
    KernelTensor x = KernelTensor.of("x", n, i -> 120 * Samples.signed(58, i));
    KernelTensor dOut = signed("dOut", 59, n);
    return new KernelCase(
            "logSigmoid " + n,
            (kernels, side) -> {
              kernels.elementwise().logSigmoid(side.apply(out), side.apply(x), n);
              kernels
                  .elementwise()
                  .logSigmoidGradient(side.apply(dX), side.apply(dOut), side.apply(x), n);
            },
            x,
            dOut)
        .rounded(out, 2)
        .rounded(dX, 2);
  }

  private static KernelCase swiGlu(int n) {
    KernelTensor out = output("out", n);
    KernelTensor dGate = output("dGate", n);
    KernelTensor dUp = output("dUp", n);
    KernelTensor gate = KernelTensor.of("gate", n, i -> 12 * Samples.signed(60, i));
    KernelTensor up = signed("up", 61, n);
    KernelTensor dOut = signed("dOut", 62, n);
    return new KernelCase(
            "swiGlu " + n,
            (kernels, side) -> {
              kernels.elementwise().swiGlu(side.apply(out), side.apply(gate), side.apply(up), n);
              kernels
                  .elementwise()
                  .swiGluGradient(
                      side.apply(dGate),
                      side.apply(dUp),
                      side.apply(dOut),
                      side.apply(gate),
                      side.apply(up),
                      n);
            },
            gate,
            up,
            dOut)
        .rounded(out, 16)
        .within(dGate, i -> 48 * KernelTensor.UNIT)
        .rounded(dUp, 16);
  }
}
