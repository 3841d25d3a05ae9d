package dev.irpo.tensor.autograd;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Embedding;
import dev.irpo.tensor.op.Fill;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.LogSigmoid;
import dev.irpo.tensor.op.Multiply;
import dev.irpo.tensor.op.PackedAttention;
import dev.irpo.tensor.op.RmsNorm;
import dev.irpo.tensor.op.Rope;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.SegmentSum;
import dev.irpo.tensor.op.SelectRows;
import dev.irpo.tensor.op.Subtract;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.op.SwiGlu;
import dev.irpo.tensor.op.TokenLogProbs;
import java.util.List;
import java.util.Locale;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class GradientsTest {
  static Stream<BinaryOperator<Tensor>> elementwise() {
    return Stream.of(Add::add, Subtract::subtract, Multiply::multiply, SwiGlu::swiGlu);
  }

  @ParameterizedTest
  @MethodSource("elementwise")
  void elementwiseGradientIsTheSlope(BinaryOperator<Tensor> op) {
    GradientCheck.check(m -> m.project(op.apply(m.variable("a", 3, 5), m.variable("b", 3, 5))));
  }

  @ParameterizedTest
  @MethodSource("elementwise")
  void tensorUsedTwiceByOneOperationGetsBothGradients(BinaryOperator<Tensor> op) {
    GradientCheck.check(m -> {
      Tensor x = m.variable("x", 4);
      Tensor computed = Scale.scale(x, -1.5);
      return Add.add(m.project(op.apply(x, x)), m.project(op.apply(computed, computed)));
    });
  }

  @Test
  void scaleAndSumGradientIsTheSlope() {
    GradientCheck.check(m -> Sum.sum(Scale.scale(m.variable("x", 7), -0.7)));
  }

  @Test
  void fillGradientIsTheSlopeForBothShapesOfAScalar() {
    GradientCheck.check(m -> m.project(Fill.fill(Sum.sum(m.variable("x", 3)), Shape.of(2, 4))));
    GradientCheck.check(m -> m.project(Fill.fill(m.variable("x", 1), Shape.of(2, 4))));
  }

  @Test
  void lossOfShapeOneIsAScalar() {
    GradientCheck.check(m ->
        SegmentSum.segmentSum(
            LogSigmoid.logSigmoid(m.variable("x", 3)), m.ints("ids", 0, 0, -1), 1));
  }

  @Test
  void logSigmoidGradientIsTheSlopeOnBothSides() {
    GradientCheck.check(m -> m.project(LogSigmoid.logSigmoid(Scale.scale(m.variable("x", 9), 8))));
  }

  @Test
  void embeddingGradientIsTheSlopeForTokensThatRepeat() {
    GradientCheck.check(m ->
        m.project(Embedding.embedding(m.variable("table", 5, 3), m.ints("tokens", 2, 0, 2, 4))));
  }

  @Test
  void selectRowsGradientIsTheSlopeForRowsPickedTwice() {
    GradientCheck.check(m ->
        m.project(SelectRows.selectRows(m.variable("x", 4, 3), m.ints("index", 3, 1, 3, 0, 3))));
  }

  @Test
  void rmsNormGradientIsTheSlope() {
    GradientCheck.check(
        m -> m.project(RmsNorm.rmsNorm(m.variable("x", 3, 6), m.variable("weight", 6), 1e-5)));
  }

  @Test
  void linearGradientIsTheSlope() {
    GradientCheck.check(
        m -> m.project(Linear.linear(m.variable("x", 3, 4), m.variable("weight", 5, 4))));
  }

  @Test
  void ropeGradientIsTheSlope() {
    GradientCheck.check(m -> {
      Tensor angles = Rope.angles(m.graph(), "test", 9, new double[] {1, 0.01});
      return m.project(Rope.rope(m.variable("x", 3, 8), m.ints("p", 0, 8, 3), angles, 2));
    });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "4, 2"})
  void packedAttentionGradientIsTheSlopeWithParentsAndUnusedRows(int numHeads, int numKvHeads) {
    int headDim = 2;
    int[] table = {0, 3, -1, 3, 2, 0, 5, 3, 0, 8, 1, -1, 0, 0, -1};
    GradientCheck.check(m ->
        m.project(
            new PackedAttention(numHeads, numKvHeads, headDim)
                .of(
                    m.variable("q", 10, (long) numHeads * headDim),
                    m.variable("k", 10, (long) numKvHeads * headDim),
                    m.variable("v", 10, (long) numKvHeads * headDim),
                    m.ints("segments", Shape.of(5, 3), table))));
  }

  @Test
  void tokenLogProbsGradientIsTheSlopeForRepeatedAndSkippedRows() {
    GradientCheck.check(m ->
        m.project(
            TokenLogProbs.tokenLogProbs(
                m.variable("x", 4, 3),
                m.variable("weight", 6, 3),
                m.ints("rows", 1, 3, -1, 1, 0),
                m.ints("targets", 5, 0, -1, 2, 0))));
  }

  @Test
  void segmentSumGradientIsTheSlope() {
    GradientCheck.check(m ->
        m.project(SegmentSum.segmentSum(m.variable("x", 6), m.ints("ids", 2, -1, 0, 2, 0, 2), 3)));
  }

  @Test
  void computedWeightsGetGradientsFromEveryUse() {
    GradientCheck.check(m -> {
      Tensor weight = Multiply.multiply(m.variable("a", 4, 4), m.variable("b", 4, 4));
      Tensor gain = Scale.scale(m.variable("gain", 4), 2);
      Tensor x = Embedding.embedding(weight, m.ints("tokens", 1, 3, 1));
      Tensor normed = RmsNorm.rmsNorm(Linear.linear(x, weight), gain, 1e-5);
      Tensor again = RmsNorm.rmsNorm(normed, gain, 1e-5);
      Tensor rows = m.ints("rows", 0, 2, 1);
      return m.project(
          TokenLogProbs.tokenLogProbs(again, weight, rows, m.ints("targets", 3, 0, 2)));
    });
  }

  @Test
  void tiedParameterGetsTheSumOfBothGradients() {
    GradientCheck.check(GradientsTest::tied);
  }

  private static Tensor tied(GradientCheck m) {
    Tensor table = m.variable("table", 5, 4);
    Tensor x = Embedding.embedding(table, m.ints("tokens", 1, 3, 1));
    Tensor logProbs =
        TokenLogProbs.tokenLogProbs(x, table, m.ints("rows", 0, 1, 2), m.ints("targets", 3, 1, 4));
    return m.project(logProbs);
  }

  @Test
  void everyRunAddsToTheGradients() {
    try (Backend backend = new CpuBackend(1)) {
      GradientCheck.Outcome outcome = GradientCheck.run(backend, GradientsTest::tied);
      float[] once = outcome.gradient("table").toFloatArray();
      outcome.program().run();
      float[] twice = outcome.gradient("table").toFloatArray();
      for (int i = 0; i < once.length; i++) {
        assertEquals(2 * once[i], twice[i], 1e-6);
      }
    }
  }

  private static Tensor layers(GradientCheck m, boolean recomputed) {
    Tensor x = Embedding.embedding(m.variable("table", 7, 16), m.ints("tokens", 1, 6, 2, 0, 3));
    for (int i = 0; i < 8; i++) {
      Tensor input = x;
      String name = "layer" + i;
      Function<Tensor, Tensor> layer = t -> layer(m, name, t);
      x = recomputed ? m.graph().recomputed(() -> layer.apply(input)) : layer.apply(input);
    }
    return m.project(x);
  }

  private static Tensor layer(GradientCheck m, String name, Tensor x) {
    Tensor normed = RmsNorm.rmsNorm(x, m.variable(name + ".norm", 16), 1e-5);
    Tensor gate = Linear.linear(normed, m.variable(name + ".gate", 40, 16));
    Tensor up = Linear.linear(normed, m.variable(name + ".up", 40, 16));
    Tensor down = Linear.linear(SwiGlu.swiGlu(gate, up), m.variable(name + ".down", 16, 40));
    return Add.add(x, down);
  }

  @Test
  void recomputationGivesTheSameBitsInLessMemory() {
    try (Backend backend = new CpuBackend(2)) {
      GradientCheck.Outcome kept = GradientCheck.run(backend, m -> layers(m, false));
      GradientCheck.Outcome recomputed = GradientCheck.run(backend, m -> layers(m, true));
      assertEquals(kept.loss(), recomputed.loss());
      for (String name : kept.variables().keySet()) {
        float[] expected = kept.variables().get(name).toFloatArray();
        assertArrayEquals(expected, recomputed.variables().get(name).toFloatArray(), name);
      }
      long before = kept.program().plannedBytes();
      long after = recomputed.program().plannedBytes();
      assertTrue(after < 0.6 * before, () -> after + " bytes against " + before);
      assertTrue(recomputed.program().flops() > kept.program().flops());
    }
  }

  @Test
  void frozenWeightsCostNoGradient() {
    Graph graph = new Graph();
    Tensor frozen = graph.variable("frozen", Shape.of(3, 3));
    Tensor weight = graph.variable("weight", Shape.of(3, 3));
    Gradients.of(Sum.sum(Linear.linear(Linear.linear(frozen, weight), frozen)), List.of(weight));
    assertTrue(graph.leaves().containsKey("gradient/weight"));
    assertFalse(graph.leaves().containsKey("gradient/frozen"));
    long weightGradients =
        graph.nodes().stream()
            .filter(node -> node.op().name().toLowerCase(Locale.ROOT).contains("weightgradient"))
            .count();
    assertEquals(1, weightGradients);
  }

  @Test
  void gradientsNeedAScalarLossAndVariables() {
    Graph graph = new Graph();
    Tensor x = graph.variable("x", Shape.of(3));
    Exception vector =
        assertThrows(IllegalArgumentException.class, () -> Gradients.of(x, List.of(x)));
    assertTrue(vector.getMessage().contains("x(3,)"), vector::getMessage);
    Tensor sum = Sum.sum(x);
    Exception computed =
        assertThrows(IllegalArgumentException.class, () -> Gradients.of(sum, List.of(sum)));
    assertTrue(computed.getMessage().contains("no variable"), computed::getMessage);
  }
}
