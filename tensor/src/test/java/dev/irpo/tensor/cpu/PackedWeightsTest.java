package dev.irpo.tensor.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.TokenLogProbs;
import dev.irpo.tensor.program.OutlineBackend;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What the CPU backend says that it keeps is what it keeps.
class PackedWeightsTest {
  private static final int DEPTH = 24;
  private static final long PANEL = Tiles.PANEL;

  private final CpuBackend cpu = new CpuBackend(2);
  private final Map<String, Buffer> variables = new HashMap<>();
  private final List<Compilation> compilations = new ArrayList<>();

  @AfterEach
  void close() {
    cpu.close();
  }

  private Tensor weight(Graph graph, String name, int columns) {
    variables.computeIfAbsent(name, key -> cpu.allocate((long) columns * DEPTH));
    return graph.variable(name, variables.get(name).dtype(), Shape.of(columns, DEPTH));
  }

  private static Tensor rows(Graph graph, int rows) {
    return graph.input("x", DType.F32, Shape.of(rows, DEPTH));
  }

  private Program compile(Graph graph) {
    compilations.add(new Compilation(graph, variables, CompileOptions.DEFAULT));
    return cpu.compile(graph, variables);
  }

  private static long panels(int columns) {
    return Float.BYTES * DEPTH * ((columns + PANEL - 1) / PANEL * PANEL);
  }

  private void expect(long bytes) {
    assertEquals(bytes, cpu.extraBytes(compilations));
    assertEquals(bytes, cpu.keptBytes());
  }

  private void runProduct(int rows, String name, int columns) {
    Graph graph = new Graph();
    graph.output(Linear.linear(rows(graph, rows), weight(graph, name, columns)));
    compile(graph).run();
  }

  @Test
  void aWeightIsKeptOnceInWholePanels() {
    runProduct(3, "a", 33);
    expect(panels(33));
    runProduct(7, "a", 33);
    expect(panels(33));
    runProduct(1, "b", 64);
    expect(panels(33) + panels(64));
  }

  @Test
  void manyRowsPackTheirWeightForThemselves() {
    runProduct(256, "a", 40);
    expect(0);
    runProduct(255, "a", 40);
    expect(panels(40));
  }

  @Test
  void whatNobodyNeedsIsNotKept() {
    Graph graph = new Graph();
    var _ = Linear.linear(rows(graph, 2), weight(graph, "dead", 40));
    compile(graph).run();
    expect(0);
  }

  @Test
  void weightsOf16BitsAreReadWhereTheyLie() {
    variables.put("a", Buffer.allocate(DType.BF16, 40 * DEPTH));
    runProduct(3, "a", 40);
    expect(0);
  }

  @Test
  void weightsOf16BitsThatAreSummedAsSingleAreKeptAsOthersAre() {
    variables.put("a", Buffer.allocate(DType.BF16, 40 * DEPTH).summedAsSingle());
    runProduct(3, "a", 40);
    expect(panels(40));
  }

  @Test
  void aWeightThatIsNoVariableIsNotKept() {
    Graph graph = new Graph();
    Tensor weight = graph.input("weight", DType.F32, Shape.of(40, DEPTH));
    graph.output(Linear.linear(rows(graph, 2), weight));
    compile(graph).run();
    expect(0);
  }

  @Test
  void theHeadIsKeptForBlocksOfFewRows() {
    runHead(256);
    expect(0);
    runHead(512);
    expect(0);
    runHead(257);
    expect(panels(50));
  }

  private void runHead(int count) {
    Graph graph = new Graph();
    Tensor index = graph.input("index", DType.INT32, Shape.of(count));
    Tensor head = weight(graph, "head", 50);
    graph.output(TokenLogProbs.tokenLogProbs(rows(graph, 4), head, index, index));
    compile(graph).run();
  }

  @Test
  void aWeightThatDoesNotFitLeavesRoomForSmallerOnes() {
    int panel = Tiles.PANEL;
    int most = Math.toIntExact(CpuBackend.MOST_PACKED_BYTES / Float.BYTES / DEPTH);
    int large = most / 3 / panel * panel * 2;
    try (OutlineBackend outline = new OutlineBackend()) {
      Graph graph = new Graph();
      Tensor x = rows(graph, 1);
      for (int columns : new int[] {large, large + panel, panel}) {
        String name = "weight of " + columns;
        variables.put(name, outline.allocate((long) columns * DEPTH));
        graph.output(Linear.linear(x, graph.variable(name, Shape.of(columns, DEPTH))));
      }
      var _ = outline.compile(graph, variables);
      assertEquals(panels(large) + panels(panel), cpu.extraBytes(outline.compilations()));
    }
  }
}
