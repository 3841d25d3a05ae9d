package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.op.Embedding;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.Rope;
import dev.irpo.tensor.op.Sum;
import java.util.List;
import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;

/// What a graph answers when a name is asked for twice.
class GraphTest {
  private static final Shape PAIR = Shape.of(2);

  private final Graph graph = new Graph();

  private static void refuses(String message, Runnable action) {
    Exception thrown = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(thrown.getMessage().contains(message), thrown::getMessage);
  }

  @Test
  void constantAskedForTwiceWithEqualFunctionsIsOneTensor() {
    LongToDoubleFunction halves = index -> index / 2.0;
    Tensor constant = graph.constant("halves", PAIR, halves);
    assertSame(constant, graph.constant("halves", PAIR, halves));
    assertEquals(0.5, graph.constantValues(constant).applyAsDouble(1));
  }

  @Test
  void constantOfTheSameNameWithAnotherFunctionIsRefused() {
    graph.constant("c", PAIR, index -> 1);
    refuses("constant 'c' (2,) is already there", () -> graph.constant("c", PAIR, index -> 2));
  }

  @Test
  void constantKeepsItsShapeAndKind() {
    LongToDoubleFunction one = index -> 1;
    graph.constant("c", PAIR, one);
    refuses("'c' (3,) is already CONSTANT (2,)", () -> graph.constant("c", Shape.of(3), one));
    graph.variable("v", PAIR);
    refuses("'v' (2,) is already VARIABLE (2,)", () -> graph.constant("v", PAIR, one));
  }

  @Test
  void constantsOfOneValueAreSharedByValueAndShape() {
    Tensor one = graph.constant(PAIR, 1);
    assertSame(one, graph.constant(PAIR, 1));
    assertNotEquals(one, graph.constant(PAIR, 2));
    assertNotEquals(one, graph.constant(Shape.of(3), 1));
    assertEquals(1, graph.constantValues(one).applyAsDouble(1));
  }

  @Test
  void variableKeepsItsType() {
    Tensor half = graph.variable("w", DType.BF16, PAIR);
    assertSame(half, graph.variable("w", DType.BF16, PAIR));
    assertEquals(4, half.bytes());
    refuses("'w' F32 (2,) is already VARIABLE BF16 (2,)", () -> graph.variable("w", PAIR));
  }

  @Test
  void variablesInBlocksHaveRowsOfWholeBlocks() {
    Tensor blocks = graph.variable("w", DType.Q8_0, Shape.of(5, 64));
    assertEquals(5 * 68, blocks.bytes());
    Tensor x = graph.input("x", DType.F32, Shape.of(3, 64));
    assertEquals(DType.F32, Linear.linear(x, blocks).dtype());
    refuses(
        "variable 'v' (64, 5) has rows of no whole blocks of Q8_0, which have 32",
        () -> graph.variable("v", DType.Q8_0, Shape.of(64, 5)));
  }

  @Test
  void operationsRefuseTypesThatTheyDoNotTake() {
    Tensor x = graph.input("x", DType.F32, Shape.of(3, 2));
    Tensor tokens = graph.input("tokens", DType.INT32, Shape.of(3));
    Tensor half = graph.variable("half", DType.F16, Shape.of(5, 2));
    refuses(
        "linear takes F32 or BF16 as input 0, half(5, 2) is F16", () -> Linear.linear(half, half));
    refuses(
        "linear takes F32 or F16 or BF16 or Q8_0 as input 1, tokens(3,) is INT32",
        () -> Linear.linear(x, tokens));
    refuses("embedding takes INT32 as input 1", () -> Embedding.embedding(half, x));
    refuses("sum takes F32 as input 0", () -> Sum.sum(half));
    assertEquals(DType.F32, Linear.linear(x, half).dtype());
    assertEquals(DType.F32, Embedding.embedding(half, tokens).dtype());
  }

  @Test
  void theGradientOfAnInputGoesThroughAWeightOf16Bits() {
    Tensor half = graph.variable("half", DType.BF16, Shape.of(5, 2));
    Tensor x = graph.variable("x", Shape.of(3, 2));
    Gradients.of(Sum.sum(Linear.linear(x, half)), List.of(x));
    Tensor gradient = graph.leaves().get("gradient/x");
    assertEquals(DType.F32, gradient.dtype());
    assertEquals(Shape.of(3, 2), gradient.shape());
  }

  @Test
  void tableOfAnglesIsSharedByItsFrequencies() {
    Tensor angles = Rope.angles(graph, "base", 8, new double[] {1, 0.1}, 1);
    assertSame(angles, Rope.angles(graph, "base", 8, new double[] {1, 0.1}, 1));
    refuses("rope.angles/base", () -> Rope.angles(graph, "base", 8, new double[] {1, 0.2}, 1));
    refuses("rope.angles/base", () -> Rope.angles(graph, "base", 8, new double[] {1, 0.1}, 1.5));
  }
}
