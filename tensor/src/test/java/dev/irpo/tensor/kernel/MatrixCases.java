package dev.irpo.tensor.kernel;

import static dev.irpo.tensor.kernel.KernelTensor.output;
import static dev.irpo.tensor.kernel.KernelTensor.signed;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.util.stream.Stream;

/// Cases of [MatrixKernels].
final class MatrixCases {
  private record Sizes(int rows, int outDim, int inDim) {}

  private MatrixCases() {}

  static Stream<KernelCase> all() {
    Stream<Sizes> odd =
        Stream.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33)
            .flatMap(n ->
                Stream.of(
                    new Sizes(n, 257 - n, 33), new Sizes(5, n, 40 - n), new Sizes(12, 63 + n, n)));
    Stream<Sizes> large =
        Stream.of(
            new Sizes(257, 17, 31),
            new Sizes(33, 257, 1023),
            new Sizes(3, 1023, 257),
            new Sizes(1023, 9, 15),
            new Sizes(2, 4100, 16),
            new Sizes(150, 520, 20));
    return Stream.concat(odd, large).flatMap(MatrixCases::products);
  }

  /// Some with as many rows as a library is called for.
  static Stream<KernelCase> manyRows() {
    return Stream.of(new Sizes(257, 17, 31), new Sizes(300, 70, 130))
        .flatMap(MatrixCases::wholeProducts);
  }

  /// Linear layers whose weights are numbers of bfloat16, which a device may have as such.
  static Stream<KernelCase> roundedWeights() {
    return Stream.of(
            new Sizes(1, 9, 64),
            new Sizes(4, 17, 31),
            new Sizes(5, 33, 130),
            new Sizes(70, 65, 257),
            new Sizes(257, 17, 2))
        .map(MatrixCases::ofRoundedWeight);
  }

  /// Products of factors of 16 bits, all of whose matrices have an even number of elements.
  static Stream<KernelCase> evenHalves() {
    return Stream.of(
            new Sizes(1, 8, 64),
            new Sizes(4, 17, 32),
            new Sizes(6, 34, 131),
            new Sizes(70, 65, 257),
            new Sizes(258, 17, 2))
        .flatMap(s -> Stream.of(halfRows(s), halfWeight(s)));
  }

  /// One with an odd number of elements in all rows.
  static KernelCase oddRoundedWeight() {
    return ofRoundedWeight(new Sizes(3, 17, 31));
  }

  private static KernelCase ofRoundedWeight(Sizes s) {
    KernelTensor weight =
        KernelTensor.of(
            "weight",
            (long) s.outDim * s.inDim,
            i -> HalfPrecision.rounded(DType.BF16, Samples.signed(2, i)));
    return linear("linear of rounded ", s, weight);
  }

  private static Stream<KernelCase> products(Sizes s) {
    KernelTensor weight = signed("weight", 9, (long) s.outDim * s.inDim);
    KernelTensor half = KernelTensor.half("half", DType.BF16, 9, (long) s.outDim * s.inDim);
    return Stream.concat(
        wholeProducts(s),
        Stream.of(
            linearSlice("linearSlice ", s, weight),
            linearSlice("linearSlice, weight of 16 bits ", s, half),
            halfRows(s),
            halfWeight(s)));
  }

  private static Stream<KernelCase> wholeProducts(Sizes s) {
    return Stream.of(linear(s), inputGradient(s), weightGradient(s));
  }

  /// All but the first and the last third of the inner dimension.
  private static KernelCase linearSlice(String name, Sizes s, KernelTensor weight) {
    int first = s.inDim / 3;
    int width = s.inDim - 2 * first;
    KernelTensor out = output("out", (long) s.rows * s.outDim);
    KernelTensor x = signed("x", 8, (long) s.rows * s.inDim);
    return new KernelCase(
            name + s,
            (k, side) ->
                k.matrix()
                    .linearSlice(
                        side.apply(out),
                        side.apply(x),
                        side.apply(weight),
                        s.rows,
                        s.outDim,
                        s.inDim,
                        first,
                        width),
            x,
            weight)
        .sums(out, width);
  }

  /// Rows of 16 bits.
  private static KernelCase halfRows(Sizes s) {
    KernelTensor out = output("out", (long) s.rows * s.outDim);
    KernelTensor dWeight = signed("dWeight", 10, (long) s.outDim * s.inDim);
    KernelTensor x = KernelTensor.half("x", DType.BF16, 11, (long) s.rows * s.inDim);
    KernelTensor weight = signed("weight", 12, (long) s.outDim * s.inDim);
    KernelTensor dOut = signed("dOut", 13, (long) s.rows * s.outDim);
    return new KernelCase(
            "linear and its weight gradient, rows of 16 bits " + s,
            (k, side) -> {
              k.matrix()
                  .linear(
                      side.apply(out),
                      side.apply(x),
                      side.apply(weight),
                      s.rows,
                      s.outDim,
                      s.inDim);
              k.matrix()
                  .linearWeightGradient(
                      side.apply(dWeight),
                      side.apply(dOut),
                      side.apply(x),
                      s.rows,
                      s.outDim,
                      s.inDim);
            },
            x,
            weight,
            dOut)
        .sums(out, s.inDim)
        .sums(dWeight, s.rows + 1.0);
  }

  /// A weight of 16 bits, with rows in single precision and of 16 bits.
  private static KernelCase halfWeight(Sizes s) {
    KernelTensor out = output("out", (long) s.rows * s.outDim);
    KernelTensor ofHalf = output("ofHalf", (long) s.rows * s.outDim);
    KernelTensor dX = output("dX", (long) s.rows * s.inDim);
    KernelTensor x = signed("x", 14, (long) s.rows * s.inDim);
    KernelTensor half = KernelTensor.half("half", DType.BF16, 15, (long) s.rows * s.inDim);
    KernelTensor weight = KernelTensor.half("weight", DType.BF16, 16, (long) s.outDim * s.inDim);
    KernelTensor dOut = signed("dOut", 17, (long) s.rows * s.outDim);
    return new KernelCase(
            "linear and its input gradient, weight of 16 bits " + s,
            (k, side) -> {
              k.matrix()
                  .linear(
                      side.apply(out),
                      side.apply(x),
                      side.apply(weight),
                      s.rows,
                      s.outDim,
                      s.inDim);
              k.matrix()
                  .linear(
                      side.apply(ofHalf),
                      side.apply(half),
                      side.apply(weight),
                      s.rows,
                      s.outDim,
                      s.inDim);
              k.matrix()
                  .linearInputGradient(
                      side.apply(dX),
                      side.apply(dOut),
                      side.apply(weight),
                      s.rows,
                      s.outDim,
                      s.inDim);
            },
            x,
            half,
            weight,
            dOut)
        .sums(out, s.inDim)
        .sums(ofHalf, s.inDim)
        .sums(dX, s.outDim);
  }

  private static KernelCase linear(Sizes s) {
    return linear("linear ", s, signed("weight", 2, (long) s.outDim * s.inDim));
  }

  private static KernelCase linear(String name, Sizes s, KernelTensor weight) {
    KernelTensor out = output("out", (long) s.rows * s.outDim);
    KernelTensor x = signed("x", 1, (long) s.rows * s.inDim);
    return new KernelCase(
            name + s,
            (k, side) ->
                k.matrix()
                    .linear(
                        side.apply(out),
                        side.apply(x),
                        side.apply(weight),
                        s.rows,
                        s.outDim,
                        s.inDim),
            x,
            weight)
        .sums(out, s.inDim);
  }

  private static KernelCase inputGradient(Sizes s) {
    KernelTensor dX = output("dX", (long) s.rows * s.inDim);
    KernelTensor dOut = signed("dOut", 3, (long) s.rows * s.outDim);
    KernelTensor weight = signed("weight", 4, (long) s.outDim * s.inDim);
    return new KernelCase(
            "linearInputGradient " + s,
            (k, side) ->
                k.matrix()
                    .linearInputGradient(
                        side.apply(dX),
                        side.apply(dOut),
                        side.apply(weight),
                        s.rows,
                        s.outDim,
                        s.inDim),
            dOut,
            weight)
        .sums(dX, s.outDim);
  }

  private static KernelCase weightGradient(Sizes s) {
    KernelTensor dWeight = signed("dWeight", 5, (long) s.outDim * s.inDim);
    KernelTensor dOut = signed("dOut", 6, (long) s.rows * s.outDim);
    KernelTensor x = signed("x", 7, (long) s.rows * s.inDim);
    return new KernelCase(
            "linearWeightGradient " + s,
            (k, side) ->
                k.matrix()
                    .linearWeightGradient(
                        side.apply(dWeight),
                        side.apply(dOut),
                        side.apply(x),
                        s.rows,
                        s.outDim,
                        s.inDim),
            dOut,
            x)
        .sums(dWeight, s.rows + 1.0);
  }
}
