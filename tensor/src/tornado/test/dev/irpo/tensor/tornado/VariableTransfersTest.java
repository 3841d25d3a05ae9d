package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceProvider.Listener;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Accumulate;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.RmsNorm;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// Variables that are moved in parts, or lie in one array.
@Tag("device")
class VariableTransfersTest {
  /// More than nine stages.
  private static final int LONG = 10_000_001;

  /// Most bytes that a writer of a file asks for at a time.
  private static final int PIECE = 1 << 22;

  /// Bytes that TornadoVM adds to an array.
  private static final int HEADER = 16;

  private static final int ROWS = 3;
  private static final int WIDTH = 24;

  private static DevicePlans plans(long maxArray) {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    return new DevicePlans(device, (done, total) -> {}, maxArray, Form.PLAIN, false, false);
  }

  /// `variable += variable`.
  private static Program doubling(Backend backend, Buffer variable) {
    Graph graph = new Graph();
    Tensor all = graph.variable("all", Shape.of(variable.numElements()));
    graph.output(Sum.sum(all));
    Accumulate.accumulate(all, Scale.scale(all, 1));
    return backend.compile(graph, Map.of("all", variable));
  }

  @Test
  void aLongVariableGoesThereAndBackInParts() {
    for (long maxArray : new long[] {1 << 28, 3_000_000}) {
      try (Backend backend = new TornadoBackend(plans(maxArray))) {
        Buffer variable = backend.allocate(LONG);
        for (int i = 0; i < LONG; i++) {
          variable.set(i, i % 4099);
        }
        variable.markChanged();
        doubling(backend, variable).run();
        assertFalse(variable.isInMemory());
        MemorySegment part = MemorySegment.ofArray(new float[5_000_000]);
        variable.slice(4_000_001, 5_900_000).read(4 * 99_998, part);
        for (int i = 0; i < 5_000_000; i++) {
          assertEquals(
              2 * ((i + 4_099_999) % 4099), part.getAtIndex(ValueLayout.JAVA_FLOAT, i), "at " + i);
        }
        byte[] bytes = new byte[7];
        variable.read(4 * 5000 - 3, MemorySegment.ofArray(bytes));
        int middle = Float.floatToRawIntBits(2 * (5000 % 4099));
        for (int i = 0; i < 4; i++) {
          assertEquals((byte) (middle >>> (8 * i)), bytes[3 + i]);
        }
        assertFalse(variable.isInMemory());
        for (int i = 0; i < LONG; i++) {
          assertEquals(2 * (i % 4099), variable.get(i));
        }
      }
    }
  }

  @Test
  void whatIsReadLaterIsReadToTheDeviceAlone() {
    try (Backend backend = new TornadoBackend(plans(1 << 28))) {
      Buffer variable = backend.allocate(LONG);
      List<Long> parts = new ArrayList<>();
      variable
          .storage()
          .readLater((offset, target) -> {
            parts.add(target.byteSize());
            for (long i = 0; i < target.byteSize() / Float.BYTES; i++) {
              target.setAtIndex(
                  ValueLayout.JAVA_FLOAT, i, (float) ((offset / Float.BYTES + i) % 7));
            }
          });
      doubling(backend, variable).run();
      assertEquals(10, parts.size());
      assertEquals(4L * LONG, parts.stream().mapToLong(Long::longValue).sum());
      assertEquals(2 * ((LONG - 1) % 7), variable.get(LONG - 1));
      assertEquals(10, parts.size());
    }
  }

  @Test
  void aWriterOfAFileMovesWhatItAsksFor() {
    List<Long> out = new ArrayList<>();
    Listener listener =
        new Listener() {
          @Override
          public void compiled(int done, int total) {}

          @Override
          public boolean wantsExecutions() {
            return true;
          }

          @Override
          public void executed(long bytesIn, long bytesOut, long allocatedBytes) {
            out.add(bytesOut);
          }
        };
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    DevicePlans plans = new DevicePlans(device, listener, 1 << 28, Form.PLAIN, false, false);
    try (Backend backend = new TornadoBackend(plans)) {
      Buffer variable = backend.allocate(LONG);
      doubling(backend, variable).run();
      out.clear();
      byte[] piece = new byte[PIECE];
      variable.read(4 * 1001, MemorySegment.ofArray(piece));
      assertEquals(List.of((long) PIECE + HEADER), out);
    }
  }

  /// The numbers of a model that went wrong must not look as if they were right.
  @Test
  void whatIsNoNumberStaysNoneInRoundedWeights() {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    DevicePlans plans =
        new DevicePlans(device, (done, total) -> {}, 1 << 28, Form.PLAIN, true, false);
    try (Backend backend = new TornadoBackend(plans)) {
      Graph graph = new Graph();
      Tensor x = graph.input("x", DType.F32, Shape.of(1, 3));
      Tensor y = Linear.linear(x, graph.variable("weight", Shape.of(3, 3)));
      graph.output(y);
      Buffer weight = backend.allocate(9);
      for (int i = 0; i < 9; i++) {
        weight.set(i, i);
      }
      weight.segment().setAtIndex(ValueLayout.JAVA_INT, 1, 0x7fff_ffff);
      weight.segment().setAtIndex(ValueLayout.JAVA_INT, 8, 0xffff_ffff);
      weight.markChanged();
      Program program =
          backend.compile(
              graph, Map.of("weight", weight), CompileOptions.DEFAULT.roundingWeights());
      for (int i = 0; i < 3; i++) {
        program.buffer(x).set(i, 1);
      }
      program.run();
      assertEquals(Double.NaN, program.buffer(y).get(0));
      assertEquals(3 + 4 + 5, program.buffer(y).get(1));
      assertEquals(Double.NaN, program.buffer(y).get(2));
    }
  }

  @Test
  void aPlanThatGoesBringsWhatItsDeviceHasAlone() {
    try (Backend backend = new TornadoBackend(plans(1 << 28))) {
      Buffer frozen = backend.allocate(WIDTH);
      frozen.storage().readLater((offset, target) -> target.fill((byte) 0));
      Buffer changed = backend.allocate(WIDTH);
      changed.set(0, 3);
      Graph graph = new Graph();
      Tensor own = graph.variable("changed", Shape.of(WIDTH));
      Accumulate.accumulate(own, Scale.scale(graph.variable("frozen", Shape.of(WIDTH)), 1));
      Accumulate.accumulate(own, Scale.scale(own, 1));
      graph.output(Sum.sum(own));
      backend.compile(graph, Map.of("changed", changed, "frozen", frozen)).run();
      doubling(backend, changed).run();
      assertFalse(frozen.isInMemory());
      assertEquals(12, changed.get(0));
      doubling(backend, changed).run();
      changed.storage().discard();
      assertTrue(changed.isInMemory());
    }
  }

  /// `state = state + norm(state)·weightᵀ` in each layer, of weights that nothing changes.
  private record Frozen(Graph graph, Tensor x, Tensor y, int layers) {
    static Frozen of(int layers) {
      Graph graph = new Graph();
      graph.section("first");
      Tensor x = graph.input("x", DType.F32, Shape.of(ROWS, WIDTH));
      Tensor state = Scale.scale(x, 0.5);
      for (int i = 0; i < layers; i++) {
        graph.section("layer " + i);
        Tensor norm = graph.variable("norm" + i, Shape.of(WIDTH));
        Tensor weight = graph.variable("weight" + i, Shape.of(WIDTH, WIDTH));
        Tensor other = graph.variable("other" + i, Shape.of(WIDTH, WIDTH));
        Tensor normal = RmsNorm.rmsNorm(state, norm, 1e-5);
        state = Add.add(state, Linear.linear(Linear.linear(normal, weight), other));
      }
      graph.section("last");
      Tensor y = Scale.scale(state, 2);
      graph.output(y);
      return new Frozen(graph, x, y, layers);
    }

    /// Each in a storage of its own.
    Map<String, Buffer> variables(Backend backend) {
      Map<String, Buffer> variables = new HashMap<>();
      for (int i = 0; i < layers; i++) {
        for (String name : List.of("norm", "weight", "other")) {
          Buffer buffer = backend.allocate(name.equals("norm") ? WIDTH : WIDTH * WIDTH);
          for (int j = 0; j < buffer.numElements(); j++) {
            buffer.set(j, 0.3 * Samples.signed(name.hashCode() + i, j));
          }
          variables.put(name + i, buffer);
        }
      }
      return variables;
    }

    float[] run(Backend backend) {
      Program program = backend.compile(graph, variables(backend));
      for (int i = 0; i < ROWS * WIDTH; i++) {
        program.buffer(x).set(i, Samples.signed(5, i));
      }
      program.run();
      return program.buffer(y).toFloatArray();
    }

    PlanGraphs graphs(DevicePlans plans) {
      Compilation compilation =
          new Compilation(graph, variables(new CpuBackend(1)), CompileOptions.DEFAULT);
      List<TornadoProgram> programs = List.of(new TornadoProgram(plans, compilation));
      var onDevice = DevicePlans.variables(programs);
      VariableGroups.place(programs, onDevice, plans.maxArray());
      assertEquals(
          layers,
          onDevice.values().stream().map(v -> v.pieces().getFirst().array()).distinct().count());
      return new PlanGraphs("plan", programs, onDevice, plans.form());
    }
  }

  @Test
  void frozenWeightsOfALayerLieInOneArrayAndLayersAreCompiledOnce() {
    DevicePlans plans = plans(1 << 28);
    assertEquals(
        Frozen.of(2).graphs(plans).compiledParts(), Frozen.of(7).graphs(plans).compiledParts());
    Frozen model = Frozen.of(4);
    float[] expected;
    try (Backend cpu = new CpuBackend(1)) {
      expected = model.run(cpu);
    }
    for (long maxArray : new long[] {1 << 28, WIDTH * WIDTH}) {
      try (Backend device = new TornadoBackend(plans(maxArray))) {
        float[] actual = model.run(device);
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], actual[i], 1e-5);
        }
      }
    }
  }
}
