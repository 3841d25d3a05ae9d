package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceFailure;
import dev.irpo.tensor.device.DeviceProvider.Listener;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Accumulate;
import dev.irpo.tensor.op.AdamW;
import dev.irpo.tensor.op.Clear;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.SquaredNorm;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// Programs on TornadoVM's default device.
@Tag("device")
class TornadoBackendTest {
  private static final int N = 1000;

  /// Bytes that TornadoVM adds to an array and to the start of a task.
  private static final int HEADER = 16;

  private static final int LAUNCH = 24;

  private static final Listener UNHEARD = (done, total) -> {};

  private static TornadoBackend backend(long maxArray, Listener listener) {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    return new TornadoBackend(
        new DevicePlans(device, listener, maxArray, Form.PLAIN, false, false));
  }

  /// Hears of executions.
  private interface Executions extends Listener {
    @Override
    default void compiled(int done, int total) {}

    @Override
    default boolean wantsExecutions() {
      return true;
    }
  }

  private static long sum(List<Long> bytes) {
    return bytes.stream().mapToLong(Long::longValue).sum();
  }

  private static Buffer samples(Backend backend, int seed, int n) {
    Buffer buffer = backend.allocate(n);
    for (int i = 0; i < n; i++) {
      buffer.set(i, Samples.signed(seed, i));
    }
    return buffer;
  }

  /// `weight += x`, then `y = Σ (x·weightᵀ)`, in two sections.
  private record Step(Program program, Tensor x, Tensor y) {
    static Step of(Backend backend, Map<String, Buffer> variables) {
      Graph graph = new Graph();
      graph.section("first");
      Tensor weight = graph.variable("weight", Shape.of(1, N));
      Tensor x = graph.input("x", DType.F32, Shape.of(1, N));
      Accumulate.accumulate(weight, x);
      Tensor doubled = Scale.scale(x, 2);
      graph.section("second");
      Tensor y = Linear.linear(doubled, weight);
      graph.output(y);
      return new Step(backend.compile(graph, variables), x, y);
    }

    double run(double value) {
      for (int i = 0; i < N; i++) {
        program.buffer(x).set(i, value);
      }
      program.run();
      return program.buffer(y).get(0);
    }
  }

  /// A copy that the host makes.
  private record OnHost() implements Op {
    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.getFirst().shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      return () -> out.getFirst().copyFrom(in.getFirst());
    }

    @Override
    public boolean runsOnHost() {
      return true;
    }
  }

  @Test
  void anOperationThatTheHostRunsIsRefusedByName() {
    try (Backend backend = backend(1 << 28, UNHEARD)) {
      Graph graph = new Graph();
      Tensor x = graph.input("x", DType.F32, Shape.of(N));
      graph.output(graph.apply(new OnHost(), x).output(0));
      Exception refused =
          assertThrows(IllegalArgumentException.class, () -> backend.compile(graph, Map.of()));
      assertEquals(
          "the operation onHost works on the host's memory, the backend tornado on its device's;"
              + " use another backend",
          refused.getMessage());
    }
  }

  @Test
  void aVariableStaysOnTheDeviceUntilTheHostAsksForIt() {
    List<Long> in = new ArrayList<>();
    List<Long> out = new ArrayList<>();
    Listener listener =
        new Executions() {
          @Override
          public void executed(long bytesIn, long bytesOut, long allocatedBytes) {
            in.add(bytesIn);
            out.add(bytesOut);
          }
        };
    try (Backend backend = backend(1 << 28, listener)) {
      Buffer weight = backend.allocate(N);
      Step step = Step.of(backend, Map.of("weight", weight));
      assertEquals(2 * N * 1.0, step.run(1), 1e-2);
      in.clear();
      out.clear();
      assertEquals(4.0 * N * 3, step.run(2), 1e-1);
      assertEquals(2, in.size(), "a task graph for each section");
      int tasks = 3;
      assertEquals(4 * N + HEADER + tasks * LAUNCH, sum(in));
      assertEquals(4 + HEADER, sum(out));
      assertEquals(3, weight.get(7));
      assertEquals(3, in.size(), "the host asked for the weight");
      assertEquals(3, weight.get(8));
      assertEquals(3, in.size(), "and had it");
      weight.set(0, 3 + N);
      weight.markChanged();
      assertEquals(0, step.run(0));
      assertEquals(2.0 * (4 * N + N), step.run(1), 1);
      assertEquals(4 + N, weight.get(0));
      assertEquals(2.0 * (5 * N + N), step.run(1), 1);
      in.clear();
      weight.clear();
      weight.markChanged();
      assertEquals(0, in.size(), "what is overwritten is not fetched");
      assertEquals(2.0 * N, step.run(1), 1e-2);
    }
  }

  @Test
  void tiledProductsRunAmongOtherTasks() {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    DevicePlans plans = new DevicePlans(device, UNHEARD, 1 << 28, Form.GROUPS, false, false);
    try (Backend backend = new TornadoBackend(plans)) {
      Step step = Step.of(backend, Map.of("weight", backend.allocate(N)));
      assertEquals(2.0 * N, step.run(1), 1e-2);
      assertEquals(4.0 * N * 3, step.run(2), 1e-1);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = Form.class,
      names = {"PLAIN", "GROUPS"})
  void productsOfASamplingGraphReadRoundedWeights(Form form) {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    for (long maxArray : new long[] {1, 1 << 28}) {
      DevicePlans plans = new DevicePlans(device, UNHEARD, maxArray, form, true, false);
      try (Backend backend = new TornadoBackend(plans)) {
        Buffer flat = samples(backend, 1, 1 + Product.OUT * Product.IN);
        Buffer x = samples(backend, 2, Product.ROWS * Product.IN);
        Product sampling = Product.of(backend, true, flat, x);
        Product training = Product.of(backend, false, flat, x);
        for (int change = 0; change < 2; change++) {
          sampling.check();
          training.check();
          for (long i = 0; i < flat.numElements(); i++) {
            flat.set(i, 1.01 * flat.get(i));
          }
          flat.markChanged();
        }
      }
    }
  }

  /// A compiled product with a weight that begins at the second element of a flat buffer.
  private record Product(Program program, boolean rounds, Tensor out, Buffer weight, Buffer x) {
    static final int ROWS = 3;
    static final int IN = 70;
    static final int OUT = 5;

    static Product of(Backend backend, boolean rounds, Buffer flat, Buffer x) {
      Graph graph = new Graph();
      Buffer weight = flat.slice(1, OUT * IN);
      Tensor out =
          Linear.linear(
              graph.variable("x", Shape.of(ROWS, IN)), graph.variable("weight", Shape.of(OUT, IN)));
      graph.output(out);
      CompileOptions options =
          rounds ? CompileOptions.DEFAULT.roundingWeights() : CompileOptions.DEFAULT;
      Program program = backend.compile(graph, Map.of("weight", weight, "x", x), options);
      return new Product(program, rounds, out, weight, x);
    }

    /// Runs and compares with sums of weights that are rounded here.
    void check() {
      program.run();
      for (int r = 0; r < ROWS; r++) {
        for (int n = 0; n < OUT; n++) {
          double sum = 0;
          double magnitude = 0;
          for (int k = 0; k < IN; k++) {
            float w = (float) weight.get(n * IN + k);
            double term = x.get(r * IN + k) * (rounds ? toBfloat16(w) : w);
            sum += term;
            magnitude += Math.abs(term);
          }
          double actual = program.buffer(out).get(r * OUT + n);
          assertEquals(sum, actual, 4 * Math.sqrt(IN) * 0x1p-24 * magnitude);
        }
      }
    }

    private static float toBfloat16(float value) {
      int bits = Float.floatToRawIntBits(value) & 0xffff0000;
      float low = Float.intBitsToFloat(bits);
      float high = Float.intBitsToFloat(bits + 0x10000);
      float toLow = Math.abs(value - low);
      float toHigh = Math.abs(high - value);
      boolean lowIsEven = (bits >>> 16) % 2 == 0;
      return toLow < toHigh || (toLow == toHigh && lowIsEven) ? low : high;
    }
  }

  /// A graph says which type it reads.
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"BF16", "F16"})
  void variablesOf16BitsAreRefusedByName(DType dtype) {
    try (Backend backend = backend(1 << 28, UNHEARD)) {
      Graph graph = new Graph();
      Tensor x = graph.input("x", DType.F32, Shape.of(1, N));
      graph.output(Linear.linear(x, graph.variable("head", Shape.of(1, N))));
      Map<String, Buffer> variables = Map.of("head", Buffer.allocate(dtype, N));
      String message =
          assertThrows(IllegalArgumentException.class, () -> backend.compile(graph, variables))
              .getMessage();
      assertEquals(
          "variable 'head' (1, 1000) needs 1000 F32, its buffer has 1000 " + dtype, message);
    }
  }

  @Test
  void programsOverTheSameVariablesMayComeLater() {
    try (Backend backend = backend(1 << 28, UNHEARD)) {
      Buffer weight = backend.allocate(N);
      Step first = Step.of(backend, Map.of("weight", weight));
      assertEquals(2.0 * N, first.run(1), 1e-2);
      Graph graph = new Graph();
      Tensor sum = Sum.sum(graph.variable("w", Shape.of(N)));
      graph.output(sum);
      Program second = backend.compile(graph, Map.of("w", weight));
      second.run();
      assertEquals(N, second.buffer(sum).get(0));
      assertEquals(2.0 * N * 2, first.run(1), 1e-2);
      second.run();
      assertEquals(2 * N, second.buffer(sum).get(0));
    }
  }

  private static float[] adamW(Backend backend) {
    Buffer param = samples(backend, 1, N);
    Buffer gradient = samples(backend, 2, N);
    Map<String, Buffer> variables =
        Map.of(
            "param", param,
            "firstMoment", backend.allocate(N),
            "secondMoment", backend.allocate(N),
            "gradient", gradient,
            "tail", gradient.slice(300, 400));
    Graph graph = new Graph();
    Shape shape = Shape.of(N);
    Tensor all = graph.variable("gradient", shape);
    Accumulate.accumulate(
        graph.variable("tail", Shape.of(400)),
        Scale.scale(graph.variable("tail", Shape.of(400)), 1));
    Tensor norm = SquaredNorm.squaredNorm(all);
    Tensor schedule = graph.input("schedule", DType.F32, Shape.of(3));
    new AdamW(new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1))
        .update(
            graph.variable("param", shape),
            graph.variable("firstMoment", shape),
            graph.variable("secondMoment", shape),
            all,
            norm,
            schedule);
    Clear.clear(all);
    graph.output(norm);
    Program program = backend.compile(graph, variables);
    program.buffer(schedule).set(0, 1e-2);
    program.buffer(schedule).set(1, 0.1);
    program.buffer(schedule).set(2, 0.05);
    program.run();
    assertEquals(0, gradient.get(N - 1));
    return param.toFloatArray();
  }

  @Test
  void aVariableMayBeCutIntoSeveralArrays() {
    float[] expected;
    try (Backend cpu = new CpuBackend(1)) {
      expected = adamW(cpu);
    }
    for (long maxArray : new long[] {1 << 28, 512}) {
      try (Backend device = backend(maxArray, UNHEARD)) {
        assertArrayEquals(expected, adamW(device), 1e-6f);
      }
    }
  }

  @Test
  void aDeviceThatIsLostIsNamed() {
    boolean[] lost = new boolean[1];
    Listener listener =
        new Executions() {
          @Override
          public void executed(long bytesIn, long bytesOut, long allocatedBytes) {
            if (lost[0]) {
              throw new IllegalStateException("CL_DEVICE_NOT_AVAILABLE");
            }
          }
        };
    Backend backend = backend(1 << 28, listener);
    Step step = Step.of(backend, Map.of("weight", backend.allocate(N)));
    step.run(1);
    lost[0] = true;
    String message = assertThrows(DeviceFailure.class, () -> step.run(1)).getMessage();
    assertTrue(message.contains("CL_DEVICE_NOT_AVAILABLE"), message);
    assertTrue(message.contains("run the same command again"), message);
  }
}
