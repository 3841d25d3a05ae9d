package dev.irpo.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Linear;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RooflineTest {
  private static final double TOLERANCE = 1e-12;

  private static List<Compilation> programs(Graph graph, CompileOptions options) {
    return List.of(new Compilation(graph, Map.of(), options));
  }

  @Test
  void theLongerOfArithmeticAndMemoryCounts() {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(100, 200));
    Tensor weight = graph.variable("weight", Shape.of(200, 200));
    Tensor once = Linear.linear(x, weight);
    Tensor twice = Linear.linear(once, weight);
    graph.output(Add.add(once, twice));
    Roofline.Device device = new Roofline.Device(1e9, 1e9, true);
    Roofline roofline = Roofline.of(programs(graph, CompileOptions.DEFAULT), 0, device);

    assertEquals(2, roofline.kernels().size());
    Roofline.Kernel linear = roofline.kernels().get(0);
    assertEquals("linear (200, 200) (100, 200)", linear.name());
    assertEquals(2, linear.calls());
    assertEquals(2 * 2.0 * 100 * 200 * 200, linear.flops());
    assertEquals(2 * 4.0 * (200 * 200 + 2 * 100 * 200), linear.bytes());
    assertEquals(linear.flops() / 1e9, linear.seconds(), TOLERANCE);
    assertTrue(linear.isBoundByCompute(device));

    Roofline.Kernel add = roofline.kernels().get(1);
    assertEquals(3 * 4.0 * 100 * 200 / 1e9, add.seconds(), TOLERANCE);
    assertFalse(add.isBoundByCompute(device));
    assertEquals(linear.seconds() + add.seconds(), roofline.seconds(), TOLERANCE);
  }

  @Test
  void aProgramThatMayRoundItsWeightsReadsHalfOfThem() {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(2, 1000));
    graph.output(Linear.linear(x, graph.variable("weight", Shape.of(1000, 1000))));
    List<Compilation> rounding = programs(graph, CompileOptions.DEFAULT.roundingWeights());
    List<Compilation> exact = programs(graph, CompileOptions.DEFAULT);
    double half = 2 * 1000 * 1000 + 2 * 4 * 2 * 1000;
    double single = 4 * 1000 * 1000 + 2 * 4 * 2 * 1000;
    assertEquals(half, Roofline.of(rounding, 0, new Roofline.Device(1e12, 1e9, true)).bytes());
    assertEquals(single, Roofline.of(rounding, 0, new Roofline.Device(1e12, 1e9, false)).bytes());
    assertEquals(single, Roofline.of(exact, 0, new Roofline.Device(1e12, 1e9, true)).bytes());
  }
}
