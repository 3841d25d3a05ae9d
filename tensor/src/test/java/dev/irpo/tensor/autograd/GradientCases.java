package dev.irpo.tensor.autograd;

import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.AddBias;
import dev.irpo.tensor.op.Embedding;
import dev.irpo.tensor.op.Fill;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.LogSigmoid;
import dev.irpo.tensor.op.Multiply;
import dev.irpo.tensor.op.Narrow;
import dev.irpo.tensor.op.PackedAttention;
import dev.irpo.tensor.op.RmsNorm;
import dev.irpo.tensor.op.Rope;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.SegmentSum;
import dev.irpo.tensor.op.SelectRows;
import dev.irpo.tensor.op.SlicedLinear;
import dev.irpo.tensor.op.Subtract;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.op.SwiGlu;
import dev.irpo.tensor.op.TokenLogProbs;
import dev.irpo.tensor.op.Widen;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Stream;

/// A gradient check for every operation that has a gradient.
final class GradientCases {
  private GradientCases() {}

  static Stream<GradientCase> all() {
    return Stream.of(elementwise(), rows(), attention(), scores(), graphs(), half())
        .flatMap(Function.identity());
  }

  private static GradientCase of(String name, Function<GradientCheck, Tensor> model) {
    return new GradientCase(name, model);
  }

  private static Stream<GradientCase> elementwise() {
    return Stream.of(
        binary("add", Add::add),
        binary("subtract", Subtract::subtract),
        binary("multiply", Multiply::multiply),
        binary("swiGlu", SwiGlu::swiGlu),
        twice("add", Add::add),
        twice("subtract", Subtract::subtract),
        twice("multiply", Multiply::multiply),
        twice("swiGlu", SwiGlu::swiGlu),
        of("scale and sum", m -> Sum.sum(Scale.scale(m.variable("x", 7), -0.7))),
        of(
            "fill with a computed scalar",
            m -> m.project(Fill.fill(Sum.sum(m.variable("x", 3)), Shape.of(2, 4)))),
        of(
            "fill with a variable of one element",
            m -> m.project(Fill.fill(m.variable("x", 1), Shape.of(2, 4)))),
        of(
            "logSigmoid on both sides",
            m -> m.project(LogSigmoid.logSigmoid(Scale.scale(m.variable("x", 9), 8)))));
  }

  private static GradientCase binary(String name, BinaryOperator<Tensor> op) {
    return of(name, m -> m.project(op.apply(m.variable("a", 3, 5), m.variable("b", 3, 5))));
  }

  private static GradientCase twice(String name, BinaryOperator<Tensor> op) {
    return of(
        name + " of a tensor and itself",
        m -> {
          Tensor x = m.variable("x", 4);
          Tensor computed = Scale.scale(x, -1.5);
          return Add.add(m.project(op.apply(x, x)), m.project(op.apply(computed, computed)));
        });
  }

  private static Stream<GradientCase> rows() {
    return Stream.of(
        of(
            "embedding of tokens that repeat",
            m ->
                m.project(
                    Embedding.embedding(m.variable("table", 5, 3), m.ints("tokens", 2, 0, 2, 4)))),
        of(
            "selectRows of rows picked twice",
            m ->
                m.project(
                    SelectRows.selectRows(m.variable("x", 4, 3), m.ints("index", 3, 1, 3, 0, 3)))),
        of(
            "rmsNorm",
            m -> m.project(RmsNorm.rmsNorm(m.variable("x", 3, 6), m.variable("weight", 6), 1e-5))),
        of(
            "rmsNorm of each head",
            m -> m.project(RmsNorm.headNorm(m.variable("x", 3, 6), m.variable("weight", 2), 1e-5))),
        of(
            "rmsNorm of heads by a computed weight",
            m -> {
              Tensor weight = Scale.scale(m.variable("weight", 2), 1.5);
              return m.project(RmsNorm.headNorm(m.variable("x", 3, 6), weight, 1e-5));
            }),
        of("addBias", m -> m.project(AddBias.addBias(m.variable("x", 3, 4), m.variable("b", 4)))),
        of(
            "addBias to frozen rows",
            m -> m.project(AddBias.addBias(m.frozen("x", 3, 4), m.variable("b", 4)))),
        of(
            "linear",
            m -> m.project(Linear.linear(m.variable("x", 3, 4), m.variable("weight", 5, 4)))),
        of(
            "linear in slices",
            m ->
                m.project(
                    SlicedLinear.slicedLinear(
                        m.variable("x", 3, 8), m.variable("weight", 5, 8), 4))),
        of(
            "rope",
            m -> {
              Tensor angles = Rope.angles(m.graph(), "test", 9, new double[] {1, 0.01}, 1.5);
              return m.project(Rope.rope(m.variable("x", 3, 8), m.ints("p", 0, 8, 3), angles, 2));
            }));
  }

  private static Stream<GradientCase> attention() {
    return Stream.of(
        attention(1, 1, 0),
        attention(2, 1, 0),
        attention(4, 2, 0),
        attention(1, 1, 1),
        attention(2, 1, 2),
        attention(4, 2, 4));
  }

  private static GradientCase attention(int numHeads, int numKvHeads, int window) {
    int headDim = 2;
    int[] table = {0, 3, -1, 3, 2, 0, 5, 3, 0, 8, 1, -1, 0, 0, -1};
    return of(
        "packedAttention with parents and unused rows, %d heads for %d, window %d"
            .formatted(numHeads, numKvHeads, window),
        m ->
            m.project(
                new PackedAttention(numHeads, numKvHeads, headDim, window)
                    .of(
                        m.variable("q", 10, (long) numHeads * headDim),
                        m.variable("k", 10, (long) numKvHeads * headDim),
                        m.variable("v", 10, (long) numKvHeads * headDim),
                        m.ints("segments", Shape.of(5, 3), table))));
  }

  private static Stream<GradientCase> scores() {
    return Stream.of(
        of(
            "tokenLogProbs with repeated and skipped rows",
            m -> m.project(scored(m, m.variable("x", 4, 3), m.variable("weight", 6, 3)))),
        of(
            "tokenLogProbs of states before a frozen head",
            m -> m.project(scored(m, m.variable("x", 4, 3), m.frozen("weight", 6, 3)))),
        of(
            "tokenLogProbs of a head after frozen states",
            m -> m.project(scored(m, m.frozen("x", 4, 3), m.variable("weight", 6, 3)))),
        of(
            "segmentSum",
            m ->
                m.project(
                    SegmentSum.segmentSum(
                        m.variable("x", 6), m.ints("ids", 2, -1, 0, 2, 0, 2), 3))));
  }

  private static Tensor scored(GradientCheck m, Tensor x, Tensor weight) {
    return TokenLogProbs.tokenLogProbs(
        x, weight, m.ints("rows", 1, 3, -1, 1, 0), m.ints("targets", 5, 0, -1, 2, 0));
  }

  /// Rounding, which double precision leaves out, is not differentiated.
  private static Stream<GradientCase> half() {
    return Stream.of(
        of("narrow and widen", m -> m.project(kept(m.variable("x", 3, 5)))),
        of(
            "linear of rows of 16 bits, with a weight of 16 bits",
            m ->
                m.project(
                    Linear.linear(Narrow.narrow(m.variable("x", 3, 4)), m.half("weight", 5, 4)))),
        of(
            "rmsNorm with a weight of 16 bits",
            m ->
                m.project(
                    RmsNorm.rmsNorm(
                        kept(m.variable("x", 3, 6)), Widen.widen(m.half("weight", 6)), 1e-5))),
        of(
            "a result that its own gradient reads in 16 bits",
            m -> m.project(kept(halfAttention(m)))),
        of(
            "the same computed again",
            m -> m.project(m.graph().recomputed(() -> kept(halfAttention(m))))));
  }

  private static Tensor kept(Tensor x) {
    return Widen.widen(Narrow.narrow(x));
  }

  private static Tensor halfAttention(GradientCheck m) {
    return new PackedAttention(2, 1, 2)
        .of(
            kept(m.variable("q", 5, 4)),
            kept(m.variable("k", 5, 2)),
            kept(m.variable("v", 5, 2)),
            m.ints("segments", Shape.of(2, 3), 0, 3, -1, 3, 2, 0));
  }

  private static Stream<GradientCase> graphs() {
    return Stream.of(
        of(
            "a loss of shape one",
            m ->
                SegmentSum.segmentSum(
                    LogSigmoid.logSigmoid(m.variable("x", 3)), m.ints("ids", 0, 0, -1), 1)),
        of("computed weights with several uses", GradientCases::computedWeights),
        of("a parameter used as table and head", GradientCases::tied));
  }

  private static Tensor computedWeights(GradientCheck m) {
    Tensor weight = Multiply.multiply(m.variable("a", 4, 4), m.variable("b", 4, 4));
    Tensor gain = Scale.scale(m.variable("gain", 4), 2);
    Tensor x = Embedding.embedding(weight, m.ints("tokens", 1, 3, 1));
    Tensor normed = RmsNorm.rmsNorm(Linear.linear(x, weight), gain, 1e-5);
    Tensor again = RmsNorm.rmsNorm(normed, gain, 1e-5);
    Tensor rows = m.ints("rows", 0, 2, 1);
    return m.project(TokenLogProbs.tokenLogProbs(again, weight, rows, m.ints("targets", 3, 0, 2)));
  }

  static Tensor tied(GradientCheck m) {
    Tensor table = m.variable("table", 5, 4);
    Tensor x = Embedding.embedding(table, m.ints("tokens", 1, 3, 1));
    Tensor logProbs =
        TokenLogProbs.tokenLogProbs(x, table, m.ints("rows", 0, 1, 2), m.ints("targets", 3, 1, 4));
    return m.project(logProbs);
  }
}
