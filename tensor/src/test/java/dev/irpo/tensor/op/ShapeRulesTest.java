package dev.irpo.tensor.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.TokenDraw;
import org.junit.jupiter.api.Test;

/// Shapes that do not fit are refused when the graph is built, with the operation and the shapes.
class ShapeRulesTest {
  private final Graph graph = new Graph();
  private final Tensor vector = graph.variable("vector", Shape.of(6));
  private final Tensor matrix = graph.variable("matrix", Shape.of(4, 6));
  private final Tensor other = graph.variable("other", Shape.of(4, 5));
  private final Tensor indices = graph.input("indices", DType.INT32, Shape.of(4));
  private final Tensor numbers = graph.input("numbers", DType.F32, Shape.of(4));

  private static void refuses(Runnable action, String... parts) {
    Exception thrown = assertThrows(IllegalArgumentException.class, action::run);
    for (String part : parts) {
      assertTrue(thrown.getMessage().contains(part), thrown::getMessage);
    }
  }

  @Test
  void elementwiseOperationsNeedEqualShapes() {
    refuses(() -> Add.add(matrix, other), "add", "(4, 6)", "(4, 5)");
    refuses(() -> Subtract.subtract(matrix, vector), "subtract", "(6,)");
    refuses(() -> Multiply.multiply(matrix, other), "multiply", "(4, 5)");
    refuses(() -> SwiGlu.swiGlu(matrix, other), "swiGlu", "(4, 5)");
    refuses(() -> Accumulate.accumulate(matrix, other), "accumulate", "(4, 5)");
    refuses(() -> Fill.fill(vector, Shape.of(2)), "fill", "a scalar", "(6,)");
  }

  @Test
  void productsNeedEqualInnerSizes() {
    refuses(() -> Linear.linear(matrix, other), "linear", "matrix(4, 6)", "other(4, 5)");
    refuses(() -> Linear.linear(matrix, vector), "linear", "vector(6,)");
    refuses(
        () -> SlicedLinear.slicedLinear(matrix, matrix, 4), "slicedLinear", "4 divides", "(4, 6)");
    refuses(() -> SlicedLinear.slicedLinear(matrix, matrix, 3), "3 slices", "a power of two");
    refuses(
        () -> TokenLogProbs.tokenLogProbs(matrix, other, indices, indices),
        "tokenLogProbs",
        "(4, 5)");
  }

  @Test
  void weightsOfBlocksNeedRowsAndOneTemperature() {
    Tensor one = graph.input("one", DType.F32, Shape.of(1));
    assertEquals(Shape.of(4, 1), BlockWeights.blockWeights(matrix, one).output(1).shape());
    Tensor wide = graph.variable("wide", Shape.of(2, 65));
    assertEquals(Shape.of(2, 2), BlockWeights.blockWeights(wide, one).output(0).shape());
    refuses(() -> BlockWeights.blockWeights(matrix, numbers), "blockWeights", "(4,)");
    refuses(() -> BlockWeights.blockWeights(vector, one), "blockWeights", "(6,)");
  }

  @Test
  void drawsNeedRowsTheirNormalisersAndATableOfDraws() {
    Tensor one = graph.input("factor", DType.F32, Shape.of(1));
    Node blocks = BlockWeights.blockWeights(matrix, one);
    Tensor normalisers = LogSumExp.logSumExp(matrix);
    Tensor draws = graph.input("draws", DType.INT32, Shape.of(7, TokenDraw.COLUMNS));
    Node drawn = DrawTokens.drawTokens(matrix, normalisers, blocks, draws);
    assertEquals(Shape.of(7), drawn.output(0).shape());
    assertEquals(DType.INT32, drawn.output(0).dtype());
    assertEquals(DType.F32, drawn.output(1).dtype());
    refuses(() -> DrawTokens.drawTokens(matrix, vector, blocks, draws), "drawTokens", "(6,)");
    refuses(() -> DrawTokens.drawTokens(matrix, normalisers, blocks, numbers), "INT32");
    refuses(() -> DrawTokens.drawTokens(matrix, normalisers, blocks, indices), "(I, 9)", "(4,)");
    Tensor wide = graph.variable("wider", Shape.of(4, 65));
    refuses(() -> DrawTokens.drawTokens(wide, normalisers, blocks, draws), "(4, 65)", "(4, 1)");
  }

  @Test
  void normalisationNeedsAWeightPerColumn() {
    refuses(() -> AddBias.addBias(other, vector), "addBias", "(4, 5)", "(6,)");
    refuses(() -> RmsNorm.headNorm(other, vector, 1e-5), "rmsNorm", "(4, 5)", "(6,)");
    refuses(() -> RmsNorm.rmsNorm(other, vector, 1e-5), "rmsNorm", "(4, 5)", "(6,)");
  }

  @Test
  void indicesMustBeIntegers() {
    refuses(() -> Embedding.embedding(matrix, numbers), "embedding", "INT32");
    refuses(() -> SelectRows.selectRows(matrix, numbers), "selectRows", "INT32");
    refuses(() -> SegmentSum.segmentSum(numbers, numbers, 2), "segmentSum", "INT32");
    refuses(
        () -> TokenLogProbs.tokenLogProbs(matrix, matrix, numbers, indices),
        "tokenLogProbs",
        "INT32");
    Tensor angles = Rope.angles(graph, "test", 8, new double[] {1, 0.1, 0.01}, 1);
    refuses(() -> Rope.rope(matrix, numbers, angles, 1), "rope", "INT32");
    Tensor key = graph.variable("key", Shape.of(4, 2));
    PackedAttention packed = new PackedAttention(3, 1, 2);
    refuses(() -> packed.of(matrix, key, key, matrix), "packedAttention", "INT32 as input 3");
    CachedAttention cached = new CachedAttention(3, 1, 2);
    Tensor cache = graph.variable("cache", cached.cacheShape(5));
    refuses(
        () -> cached.of(cache, cache, matrix, key, key, matrix),
        "cachedAttention",
        "INT32 as input 5");
  }

  @Test
  void attentionNeedsHeadsThatFillTheRows() {
    Tensor table = graph.input("table", DType.INT32, Shape.of(2, 3));
    Tensor cacheTable = graph.input("cacheTable", DType.INT32, Shape.of(4, 4));
    PackedAttention packed = new PackedAttention(3, 1, 2);
    Tensor key = graph.variable("key", Shape.of(4, 2));
    assertEquals(Shape.of(4, 6), packed.of(matrix, key, key, table).shape());
    refuses(() -> packed.of(matrix, matrix, key, table), "packedAttention", "(4, 6)");
    refuses(() -> packed.of(matrix, key, key, cacheTable), "packedAttention", "(4, 4)");
    CachedAttention cached = new CachedAttention(3, 1, 2);
    Tensor cache = graph.variable("cache", cached.cacheShape(5));
    assertEquals(matrix.shape(), cached.of(cache, cache, matrix, key, key, cacheTable).shape());
    refuses(() -> cached.of(cache, key, matrix, key, key, cacheTable), "cachedAttention");
    refuses(() -> cached.of(cache, cache, matrix, key, key, table), "cachedAttention", "(2, 3)");
    Tensor half = graph.variable("half", DType.BF16, cached.cacheShape(5));
    refuses(() -> cached.of(cache, half, matrix, key, key, cacheTable), "two caches of a type");
  }

  @Test
  void adamWNeedsFourEqualShapesAndASchedule() {
    AdamW adamW = new AdamW(new AdamWSettings(0.9, 0.95, 1e-8, 0, 1));
    Tensor norm = SquaredNorm.squaredNorm(matrix);
    Tensor schedule = graph.input("schedule", DType.F32, Shape.of(3));
    refuses(() -> adamW.update(matrix, other, matrix, matrix, norm, schedule), "adamW", "(4, 5)");
    refuses(() -> adamW.update(matrix, matrix, other, matrix, norm, schedule), "adamW", "(4, 5)");
    refuses(() -> adamW.update(matrix, matrix, matrix, other, norm, schedule), "adamW", "(4, 5)");
    refuses(() -> adamW.update(matrix, matrix, matrix, matrix, vector, schedule), "adamW", "(6,)");
    refuses(() -> adamW.update(matrix, matrix, matrix, matrix, norm, vector), "adamW", "(6,)");
    refuses(() -> new AdamWSettings(1, 0.95, 1e-8, 0, 1), "beta1 is 1.0", "[0, 1)");
    refuses(() -> new AdamWSettings(0.9, 0.95, 0, 0, 1), "epsilon is 0.0");
    refuses(() -> new AdamWSettings(0.9, 0.95, 1e-8, Double.NaN, 1), "weightDecay is NaN");
  }

  @Test
  void tensorsOfAnotherGraphAreRefused() {
    Tensor foreign = new Graph().variable("foreign", Shape.of(6));
    refuses(() -> Add.add(vector, foreign), "foreign(6,) is of another graph");
  }

  @Test
  void variableAskedForTwiceIsOneTensorAndKeepsItsShape() {
    assertSame(vector, graph.variable("vector", Shape.of(6)));
    refuses(() -> graph.variable("vector", Shape.of(7)), "'vector'", "(7,)", "(6,)");
    refuses(() -> graph.input("vector", DType.F32, Shape.of(6)), "'vector'");
    refuses(() -> Shape.of(3, 0), "[3, 0]");
  }
}
