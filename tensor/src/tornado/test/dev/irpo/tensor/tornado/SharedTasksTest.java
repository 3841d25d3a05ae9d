package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.JavaTasks;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.CachedAttention;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.Narrow;
import dev.irpo.tensor.op.PackedAttention;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.op.SwiGlu;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import dev.irpo.tensor.tornado.gemm.StandInCublas;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Proxy;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraphInterface;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// What operations of a program have in common is computed once.
class SharedTasksTest {
  private static final int ROWS = 4;
  private static final int WIDTH = 8;
  private static final int HEADS = 2;
  private static final int LAYERS = 3;
  private static final int SEGMENTS = 2;

  /// A program that no device runs.
  private record Recorded(TornadoProgram program, Map<String, Buffer> buffers, Form form) {
    static Recorded of(Graph graph, Form form) {
      Map<String, Buffer> buffers = new HashMap<>();
      for (Tensor leaf : graph.leaves().values()) {
        if (leaf.kind() == Tensor.Kind.VARIABLE) {
          Buffer buffer = Buffer.allocate(leaf.dtype(), leaf.shape().numElements());
          buffers.put(leaf.name(), buffer);
        }
      }
      var plans = new DevicePlans(null, (done, total) -> {}, 1 << 28, form, false, false);
      Compilation compilation = new Compilation(graph, buffers, CompileOptions.DEFAULT);
      return new Recorded(new TornadoProgram(plans, compilation), buffers, form);
    }

    /// Tasks of each part, on arrays that have what the variables hold.
    List<TaskList> parts() {
      var variables = DevicePlans.variables(List.of(program));
      VariableGroups.place(List.of(program), variables, 1 << 28);
      for (DeviceVariable variable : variables.values()) {
        DeviceVariable.Piece piece = variable.pieces().getFirst();
        MemorySegment array = piece.content().getSegment();
        long size = variable.storage().byteSize();
        variable.storage().read(0, array.asSlice(variable.type().bytes(-piece.first()), size));
      }
      List<FloatArray> pool =
          program.arraySizes(DType.F32).stream().map(n -> new FloatArray(n.intValue())).toList();
      List<IntArray> pairs =
          program.arraySizes(DType.BF16).stream().map(n -> new IntArray(n.intValue())).toList();
      ScratchArrays scratch = new ScratchArrays();
      Map<FloatBuffer, FloatArray> constants = new HashMap<>();
      var _ = program.record(new PlannedMemory(variables, scratch, constants), pool, pairs, form);
      scratch.allocate();
      return program.record(new PlannedMemory(variables, scratch, constants), pool, pairs, form);
    }

    /// Names of the tasks of each part, without their numbers.
    List<List<String>> names() {
      return parts().stream().map(SharedTasksTest::names).toList();
    }
  }

  private static List<String> names(TaskList tasks) {
    List<String> names = new ArrayList<>();
    Class<?>[] types = {TaskGraphInterface.class};
    tasks.addTo(
        (TaskGraphInterface)
            Proxy.newProxyInstance(
                TaskGraphInterface.class.getClassLoader(),
                types,
                (graph, method, arguments) -> {
                  names.add(((String) arguments[0]).replaceAll("\\d+$", ""));
                  return graph;
                }));
    return names;
  }

  private static int count(List<String> names, String name) {
    return Collections.frequency(names, name);
  }

  private static Tensor weight(Graph graph, String name) {
    return graph.variable(name, DType.BF16, Shape.of(WIDTH, WIDTH));
  }

  private interface Attention {
    Tensor attend(int layer, Tensor q, Tensor k, Tensor v);
  }

  /// The products of a model's layers, in their order.
  private static Tensor layers(Graph graph, Tensor x, Attention attention) {
    graph.section("embedding");
    Tensor state = Scale.scale(x, 2);
    for (int layer = 0; layer < LAYERS; layer++) {
      graph.section("layer " + layer);
      Tensor q = Linear.linear(state, weight(graph, "q" + layer));
      Tensor k = Linear.linear(state, weight(graph, "k" + layer));
      Tensor v = Linear.linear(state, weight(graph, "v" + layer));
      Tensor mixed = attention.attend(layer, Scale.scale(q, 2), k, v);
      state = Add.add(state, Linear.linear(mixed, weight(graph, "o" + layer)));
      Tensor gate = Linear.linear(state, weight(graph, "gate" + layer));
      Tensor up = Linear.linear(state, weight(graph, "up" + layer));
      Tensor gated = SwiGlu.swiGlu(gate, up);
      state = Add.add(state, Linear.linear(gated, weight(graph, "down" + layer)));
    }
    graph.section("head");
    return Scale.scale(state, 0.5);
  }

  /// @param window that of each other layer
  private static Graph decoding(int window) {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(ROWS, WIDTH));
    Shape columns = Shape.of(ROWS, AttentionKernels.CACHE_COLUMNS);
    Tensor table = graph.input("table", DType.INT32, columns);
    graph.output(
        layers(
            graph,
            x,
            (layer, q, k, v) -> {
              int own = layer % 2 == 0 ? 0 : window;
              CachedAttention attention = new CachedAttention(HEADS, HEADS, WIDTH / HEADS, own);
              Tensor keys = graph.variable("keys" + layer, attention.cacheShape(2));
              Tensor values = graph.variable("values" + layer, attention.cacheShape(2));
              return attention.of(keys, values, q, k, v, table);
            }));
    return graph;
  }

  @Test
  void productsOfOneTensorSplitItOnceAndTheCachesPlacesAreComputedOnceAStep() {
    List<List<String>> parts = Recorded.of(decoding(0), Form.CUBLAS).names();
    assertEquals(List.of("scale", "cachedPlaces"), parts.getFirst());
    for (int layer = 1; layer <= LAYERS; layer++) {
      assertEquals(7, count(parts.get(layer), "cublasLinearOfParts"));
      assertEquals(4, count(parts.get(layer), "split"), "before q, k, v; o; gate, up; down");
      assertEquals(0, count(parts.get(layer), "cachedPlaces"));
    }
  }

  @Test
  void layersWithAWindowHavePlacesOfTheirOwn() {
    List<List<String>> parts = Recorded.of(decoding(3), Form.PLAIN).names();
    assertEquals(List.of("scale", "cachedPlaces", "cachedPlaces"), parts.getFirst());
  }

  @Test
  void aTrainingStepComputesThePlacesOfPackedRowsOnce() {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(ROWS, WIDTH));
    Shape table = Shape.of(SEGMENTS, AttentionKernels.SEGMENT_COLUMNS);
    Tensor segments = graph.input("segments", DType.INT32, table);
    PackedAttention attention = new PackedAttention(HEADS, HEADS, WIDTH / HEADS);
    Tensor trained = graph.variable("trained", Shape.of(ROWS, WIDTH));
    Tensor hidden =
        layers(graph, Add.add(x, trained), (layer, q, k, v) -> attention.of(q, k, v, segments));
    Tensor loss = Sum.sum(hidden);
    graph.output(loss);
    Gradients.of(loss, List.of(trained));
    List<List<String>> parts = Recorded.of(graph, Form.PLAIN).names();
    assertEquals(1, count(parts.getFirst(), "packedPlaces"));
    assertEquals(1, parts.stream().mapToInt(part -> count(part, "packedPlaces")).sum());
  }

  /// Each tensor has the array of the one before it.
  @Test
  void anArrayThatHasOtherElementsNowIsSplitAnew() {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(ROWS, WIDTH));
    Tensor state = Scale.scale(x, 1);
    for (int i = 0; i < 3; i++) {
      Tensor first = Linear.linear(state, weight(graph, "first" + i));
      state = Add.add(first, Linear.linear(state, weight(graph, "second" + i)));
    }
    Tensor result = Narrow.narrow(state);
    graph.output(result);
    Recorded recorded = Recorded.of(graph, Form.CUBLAS);
    recorded.buffers().forEach((name, buffer) -> fill(buffer, name.hashCode()));
    fill(recorded.program().buffer(x), 1);
    recorded.parts().forEach(part -> part.addTo(JavaTasks.calling(StandInCublas::run)));
    assertEquals(3, recorded.names().stream().mapToInt(part -> count(part, "split")).sum());
    assertEquals(3, recorded.program().arraySizes(DType.F32).size(), "arrays are used again");
    try (Backend cpu = new CpuBackend(1)) {
      Program program = cpu.compile(graph, recorded.buffers());
      fill(program.buffer(x), 1);
      program.run();
      for (int i = 0; i < ROWS * WIDTH; i++) {
        double expected = program.buffer(result).get(i);
        double found = recorded.program().buffer(result).get(i);
        assertEquals(expected, found, 0x1p-7 * Math.abs(expected) + 1e-6);
      }
    }
  }

  private static void fill(Buffer buffer, int seed) {
    for (long i = 0; i < buffer.numElements(); i++) {
      buffer.set(i, Samples.signed(seed, i));
    }
  }
}
