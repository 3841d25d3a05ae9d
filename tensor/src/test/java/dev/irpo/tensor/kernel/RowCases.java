package dev.irpo.tensor.kernel;

import static dev.irpo.tensor.kernel.KernelTensor.UNIT;
import static dev.irpo.tensor.kernel.KernelTensor.ints;
import static dev.irpo.tensor.kernel.KernelTensor.output;
import static dev.irpo.tensor.kernel.KernelTensor.signed;

import dev.irpo.tensor.DType;
import java.util.stream.Stream;

/// Cases of [RowKernels].
final class RowCases {
  private static final double EPS = 1e-5;

  private RowCases() {}

  static Stream<KernelCase> all() {
    Stream<KernelCase> rows =
        Stream.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 257, 1023)
            .flatMap(n -> {
              int other = n < 33 ? 40 - n : 19;
              return Stream.of(
                  gatherRows(other, n),
                  gatherHalfRows(other, n),
                  rmsNorm(other, n),
                  rmsNorm(n, other),
                  rmsNormGradients(other, n),
                  rmsNormGradients(n, other));
            });
    Stream<KernelCase> rotations =
        Stream.of(2, 6, 8, 14, 16, 18, 32, 64, 66, 80)
            .flatMap(headDim -> Stream.of(rope(9, 3, headDim, 1), rope(130, 1, headDim, -1)));
    return Stream.concat(rows, rotations);
  }

  private static KernelCase gatherRows(int count, int embedDim) {
    int rows = 11;
    KernelTensor out = output("out", (long) count * embedDim);
    KernelTensor dX = signed("dX", 31, (long) rows * embedDim);
    KernelTensor x = signed("x", 32, (long) rows * embedDim);
    KernelTensor dOut = signed("dOut", 33, (long) count * embedDim);
    KernelTensor index = ints("index", count, i -> Samples.below(34, i, rows));
    return new KernelCase(
            "gatherRows (%d, %d)".formatted(count, embedDim),
            (kernels, side) -> {
              kernels
                  .row()
                  .gatherRows(side.apply(out), side.apply(x), side.apply(index), count, embedDim);
              kernels
                  .row()
                  .scatterAddRows(
                      side.apply(dX), side.apply(dOut), side.apply(index), count, embedDim);
            },
            x,
            dOut,
            index)
        .within(out, i -> 0)
        .sums(dX, count + 1.0);
  }

  private static KernelCase gatherHalfRows(int count, int embedDim) {
    int rows = 11;
    KernelTensor out = output("out", (long) count * embedDim);
    KernelTensor x = KernelTensor.half("x", DType.BF16, 35, (long) rows * embedDim);
    KernelTensor index = ints("index", count, i -> Samples.below(36, i, rows));
    return new KernelCase(
            "gatherRows of 16 bits (%d, %d)".formatted(count, embedDim),
            (kernels, side) ->
                kernels
                    .row()
                    .gatherRows(side.apply(out), side.apply(x), side.apply(index), count, embedDim),
            x,
            index)
        .within(out, i -> 0);
  }

  private static KernelCase rmsNorm(int rows, int embedDim) {
    KernelTensor out = output("out", (long) rows * embedDim);
    KernelTensor x = signed("x", 38, (long) rows * embedDim);
    KernelTensor weight = signed("weight", 39, embedDim);
    return new KernelCase(
            "rmsNorm (%d, %d)".formatted(rows, embedDim),
            (kernels, side) ->
                kernels
                    .row()
                    .rmsNorm(
                        side.apply(out), side.apply(x), side.apply(weight), rows, embedDim, EPS),
            x,
            weight)
        .sums(out, embedDim);
  }

  private static KernelCase rmsNormGradients(int rows, int embedDim) {
    KernelTensor dX = output("dX", (long) rows * embedDim);
    KernelTensor dWeight = signed("dWeight", 41, embedDim);
    KernelTensor dOut = signed("dOut", 42, (long) rows * embedDim);
    KernelTensor x =
        KernelTensor.of("x", (long) rows * embedDim, i -> Samples.signed(43, i) + 0.25);
    KernelTensor weight = signed("weight", 44, embedDim);
    // s·w·dOut − x·s³/C·Σ dOut·w·x: both terms are at most a few s large, and s is 1/rms.
    double scale = rows * embedDim < 100 ? 100 : 4;
    double tolerance = (4 * Math.sqrt(embedDim) + 8) * UNIT * scale;
    return new KernelCase(
            "rmsNormGradients (%d, %d)".formatted(rows, embedDim),
            (kernels, side) -> {
              kernels
                  .row()
                  .rmsNormInputGradient(
                      side.apply(dX),
                      side.apply(dOut),
                      side.apply(x),
                      side.apply(weight),
                      rows,
                      embedDim,
                      EPS);
              kernels
                  .row()
                  .rmsNormWeightGradient(
                      side.apply(dWeight), side.apply(dOut), side.apply(x), rows, embedDim, EPS);
            },
            dOut,
            x,
            weight)
        .within(dX, i -> tolerance * Math.max(1, dX.largest()))
        .sums(dWeight, rows + 1.0 + embedDim);
  }

  private static KernelCase rope(int rows, int numHeads, int headDim, int direction) {
    int positions = 50;
    long elements = (long) rows * numHeads * headDim;
    KernelTensor out = output("out", elements);
    KernelTensor x = signed("x", 45, elements);
    KernelTensor position = ints("positions", rows, i -> Samples.below(46, i, positions));
    KernelTensor angles = signed("angles", 47, (long) positions * headDim);
    return new KernelCase(
            "rope (%d, %d·%d) %+d".formatted(rows, numHeads, headDim, direction),
            (kernels, side) ->
                kernels
                    .row()
                    .rope(
                        side.apply(out),
                        side.apply(x),
                        side.apply(position),
                        side.apply(angles),
                        rows,
                        numHeads,
                        headDim,
                        direction),
            x,
            position,
            angles)
        .within(out, i -> 4 * Math.sqrt(2) * UNIT * 2);
  }
}
