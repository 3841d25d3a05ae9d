package dev.irpo.tensor.program;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Accumulate;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.op.Zeros;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CompiledProgramTest {
  static LongStream seeds() {
    return LongStream.range(0, 40);
  }

  private static Map<String, Buffer> variables(Backend backend, Graph graph) {
    Map<String, Buffer> variables = new HashMap<>();
    for (Tensor leaf : graph.leaves().values()) {
      Buffer buffer = backend.allocate(leaf.shape().numElements());
      for (long i = 0; i < buffer.numElements(); i++) {
        buffer.set(i, Samples.signed(leaf.name().hashCode(), i));
      }
      variables.put(leaf.name(), buffer);
    }
    return variables;
  }

  private static float[] last(Backend backend, RandomGraph random, boolean keepAll) {
    Tensor last = random.computed().getLast();
    (keepAll ? random.computed() : List.of(last)).forEach(random.graph()::output);
    Program program = backend.compile(random.graph(), variables(backend, random.graph()));
    program.run();
    return program.buffer(last).toFloatArray();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void reusedMemoryChangesNoResult(long seed) {
    try (Backend backend = ReferenceBackend.inSinglePrecision()) {
      float[] expected = last(backend, RandomGraph.of(seed), true);
      assertArrayEquals(expected, last(backend, RandomGraph.of(seed), false));
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void tensorsThatLiveAtTheSameTimeNeverOverlap(long seed) {
    RandomGraph random = RandomGraph.of(seed);
    Set<Tensor> outputs = Set.of(random.computed().getLast(), random.computed().get(9));
    List<Node> nodes = random.graph().nodes();
    MemoryPlan plan = MemoryPlan.of(nodes, outputs, Precision.AS_DECLARED);
    for (int i = 0; i < nodes.size(); i++) {
      Tensor written = nodes.get(i).output(0);
      for (int j = 0; j < i; j++) {
        Tensor earlier = nodes.get(j).output(0);
        boolean takenOver = plan.lastUse(earlier) == i && nodes.get(i).inputs().contains(earlier);
        if (plan.lastUse(earlier) >= i && !takenOver) {
          assertFalse(overlap(plan, written, earlier), () -> written + " lies on " + earlier);
        }
      }
    }
    assertTrue(plan.totalBytes() < plan.requestedBytes());
  }

  private static boolean overlap(MemoryPlan plan, Tensor a, Tensor b) {
    long aEnd = plan.offset(a) + 4 * a.shape().numElements();
    long bEnd = plan.offset(b) + 4 * b.shape().numElements();
    return plan.offset(a) < bEnd && plan.offset(b) < aEnd;
  }

  @Test
  void operationsThatNobodyNeedsAreLeftOut() {
    Graph graph = new Graph();
    Tensor x = graph.variable("x", Shape.of(4));
    graph.output(Sum.sum(x));
    Scale.scale(x, 3);
    try (Backend backend = new CpuBackend(1)) {
      Program program = backend.compile(graph, variables(backend, graph));
      assertTrue(program.describe().contains("sum"), program::describe);
      assertFalse(program.describe().contains("scale"), program::describe);
    }
  }

  @Test
  void operationThatChangesAVariableRunsThoughNobodyReadsIt() {
    Graph graph = new Graph();
    Tensor x = graph.variable("x", Shape.of(4));
    Accumulate.accumulate(x, Scale.scale(x, 2));
    try (Backend backend = new CpuBackend(1)) {
      Map<String, Buffer> variables = variables(backend, graph);
      double before = variables.get("x").get(1);
      long version = variables.get("x").version();
      backend.compile(graph, variables).run();
      assertEquals(3 * before, variables.get("x").get(1), 1e-6);
      assertEquals(version + 1, variables.get("x").version());
    }
  }

  @Test
  void weightChangedByTheProgramIsUsedInTheNextProduct() {
    Graph graph = new Graph();
    Tensor weight = graph.variable("weight", Shape.of(3, 2));
    Tensor x = graph.input("x", DType.F32, Shape.of(1, 2));
    Tensor y = Linear.linear(x, weight);
    graph.output(y);
    Accumulate.accumulate(weight, Scale.scale(weight, 1));
    try (Backend backend = new CpuBackend(1)) {
      Program program = backend.compile(graph, variables(backend, graph));
      program.buffer(x).set(0, 1);
      program.run();
      double first = program.buffer(y).get(2);
      program.run();
      assertEquals(2 * first, program.buffer(y).get(2));
    }
  }

  @Test
  void computedWeightThatChangesFromRunToRunIsPackedAgain() {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(2, 2));
    Tensor y = Linear.linear(x, Scale.scale(x, 1));
    graph.output(y);
    try (Backend backend = new CpuBackend(1)) {
      Program program = backend.compile(graph, Map.of());
      for (int value = 1; value <= 3; value++) {
        program.buffer(x).set(0, value);
        program.run();
        assertEquals(value * value, program.buffer(y).get(0));
      }
    }
  }

  @Test
  void inputThatIsAWeightIsReadAnewInEachRun() {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(1, 1));
    Tensor weight = graph.input("weight", DType.F32, Shape.of(1, 1));
    Tensor y = Linear.linear(x, weight);
    graph.output(y);
    try (Backend backend = new CpuBackend(1)) {
      Program program = backend.compile(graph, Map.of());
      program.buffer(x).set(0, 1);
      for (int value = 1; value <= 3; value++) {
        program.buffer(weight).set(0, value);
        program.run();
        assertEquals(value, program.buffer(y).get(0));
      }
    }
  }

  @Test
  void describeListsOperationsShapesBytesAndFlops() {
    Graph graph = new Graph();
    Tensor x = graph.variable("x", Shape.of(100, 50));
    Tensor y = Linear.linear(x, graph.variable("weight", Shape.of(200, 50)));
    graph.output(Add.add(y, Zeros.zeros(graph, y.shape())));
    try (Backend backend = new CpuBackend(1)) {
      Program program = backend.compile(graph, variables(backend, graph));
      assertEquals(2L * 100 * 50 * 200, program.flops());
      String text = program.describe();
      assertTrue(text.contains("linear") && text.contains("(100, 200)"), text);
      assertTrue(text.contains("3 operations, 2.00 MFLOP"), text);
      assertTrue(text.contains(program.plannedBytes() + " bytes planned (240000 without"), text);
    }
  }

  @Test
  void missingOrMisshapenVariablesAreRefusedByName() {
    Graph graph = new Graph();
    graph.output(Sum.sum(graph.variable("layers.0.weight", Shape.of(3, 2))));
    try (Backend backend = new CpuBackend(1)) {
      refuses("'layers.0.weight' has no buffer", () -> backend.compile(graph, Map.of()));
      Map<String, Buffer> small = Map.of("layers.0.weight", backend.allocate(5));
      refuses("'layers.0.weight' (3, 2) needs 6 F32", () -> backend.compile(graph, small));
      Map<String, Buffer> wide = Map.of("layers.0.weight", Buffer.allocate(DType.F64, 6));
      refuses("6 F64", () -> backend.compile(graph, wide));
    }
  }

  @Test
  void buffersOfInnerTensorsAreNotHandedOut() {
    Graph graph = new Graph();
    Tensor inner = Scale.scale(graph.input("x", DType.F32, Shape.of(2)), 2);
    graph.output(Sum.sum(inner));
    try (Backend backend = new CpuBackend(1)) {
      Program program = backend.compile(graph, Map.of());
      refuses("neither a leaf nor an output", () -> program.buffer(inner));
    }
  }

  private static void refuses(String part, Runnable action) {
    Exception thrown = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(thrown.getMessage().contains(part), thrown::getMessage);
  }
}
