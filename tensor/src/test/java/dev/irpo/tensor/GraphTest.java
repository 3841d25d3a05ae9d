package dev.irpo.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.op.Rope;
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
  void tableOfAnglesIsSharedByItsFrequencies() {
    Tensor angles = Rope.angles(graph, "base", 8, new double[] {1, 0.1});
    assertSame(angles, Rope.angles(graph, "base", 8, new double[] {1, 0.1}));
    refuses("rope.angles/base", () -> Rope.angles(graph, "base", 8, new double[] {1, 0.2}));
  }
}
