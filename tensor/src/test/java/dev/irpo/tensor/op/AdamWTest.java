package dev.irpo.tensor.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Ten steps against the update written out once more.
class AdamWTest {
  private static final int N = 37;
  private static final int STEPS = 10;
  private static final double RATE = 0.01;
  private static final AdamWSettings SETTINGS = new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 2);

  /// Gradients grow, so that the first steps are not clipped and the last ones are.
  private static double gradient(int step, int i) {
    return (float) (0.15 * step * Samples.signed(step, i));
  }

  private static double norm(int step) {
    double squares = 0;
    for (int i = 0; i < N; i++) {
      squares += gradient(step, i) * gradient(step, i);
    }
    return Math.sqrt(squares);
  }

  private static double[] expected() {
    double[] param = new double[N];
    double[] m = new double[N];
    double[] v = new double[N];
    for (int i = 0; i < N; i++) {
      param[i] = Samples.signed(0, i);
    }
    for (int t = 1; t <= STEPS; t++) {
      double clip = Math.min(1, 2 / (norm(t) + 1e-6));
      for (int i = 0; i < N; i++) {
        double g = clip * gradient(t, i);
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.95 * v[i] + 0.05 * g * g;
        double mHat = m[i] / (1 - Math.pow(0.9, t));
        double vHat = v[i] / (1 - Math.pow(0.95, t));
        param[i] -= RATE * 0.1 * param[i];
        param[i] -= RATE * mHat / (Math.sqrt(vHat) + 1e-8);
      }
    }
    return param;
  }

  private static void requireTenSteps(Backend backend, double tolerance) {
    Graph graph = new Graph();
    Tensor gradient = graph.input("gradient", DType.F32, Shape.of(N));
    Tensor schedule = graph.input("schedule", DType.F32, Shape.of(3));
    Tensor param = graph.variable("param", Shape.of(N));
    Tensor firstMoment = graph.variable("firstMoment", Shape.of(N));
    Tensor secondMoment = graph.variable("secondMoment", Shape.of(N));
    Tensor squaredNorm = SquaredNorm.squaredNorm(gradient);
    new AdamW(SETTINGS).update(param, firstMoment, secondMoment, gradient, squaredNorm, schedule);
    Buffer params = backend.allocate(N);
    for (int i = 0; i < N; i++) {
      params.set(i, Samples.signed(0, i));
    }
    Program program =
        backend.compile(
            graph,
            Map.of(
                "param",
                params,
                "firstMoment",
                backend.allocate(N),
                "secondMoment",
                backend.allocate(N)));
    for (int t = 1; t <= STEPS; t++) {
      for (int i = 0; i < N; i++) {
        program.buffer(gradient).set(i, gradient(t, i));
      }
      program.buffer(schedule).set(0, RATE);
      program.buffer(schedule).set(1, 1 - Math.pow(0.9, t));
      program.buffer(schedule).set(2, 1 - Math.pow(0.95, t));
      program.run();
    }
    double[] expected = expected();
    for (int i = 0; i < N; i++) {
      assertEquals(expected[i], params.get(i), tolerance, "parameter " + i);
    }
  }

  @Test
  void gradientsAreClippedInSomeStepsOnly() {
    assertTrue(norm(1) < 2 && norm(STEPS) > 2);
  }

  @Test
  void referenceTakesTenStepsLikeTheFormula() {
    requireTenSteps(ReferenceBackend.inDoublePrecision(), 1e-14);
  }

  @Test
  void cpuTakesTenStepsLikeTheFormula() {
    try (CpuBackend cpu = new CpuBackend(2)) {
      requireTenSteps(cpu, 2e-6);
    }
  }

  @Test
  void squaredNormCountsEveryElementOfEveryBlock() {
    int n = 3 * 4096 + 5;
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(n));
    Tensor norm = SquaredNorm.squaredNorm(x);
    graph.output(norm);
    try (CpuBackend cpu = new CpuBackend(2)) {
      Program program = cpu.compile(graph, Map.of());
      for (int i = 0; i < n; i++) {
        program.buffer(x).set(i, i % 2 == 0 ? 1 : -2);
      }
      program.run();
      int twos = n / 2;
      assertEquals(n - twos + 4.0 * twos, program.buffer(norm).get(0));
    }
  }

  /// One value after one update from zeroed moments, in double precision.
  private record FirstStep(double param, double firstMoment, double secondMoment) {
    /// @param norm of the whole gradient
    static FirstStep of(AdamWSettings settings, double gradient, double norm) {
      ReferenceBackend backend = ReferenceBackend.inDoublePrecision();
      Buffer param = buffer(backend, 2);
      Buffer firstMoment = buffer(backend, 0);
      Buffer secondMoment = buffer(backend, 0);
      backend
          .kernels()
          .optimizer()
          .adamW(
              param,
              firstMoment,
              secondMoment,
              buffer(backend, gradient),
              buffer(backend, norm * norm),
              buffer(backend, 0.25, 1 - settings.beta1(), 1 - settings.beta2()),
              1,
              settings);
      return new FirstStep(param.get(0), firstMoment.get(0), secondMoment.get(0));
    }

    private static Buffer buffer(Backend backend, double... values) {
      Buffer buffer = backend.allocate(values.length);
      for (int i = 0; i < values.length; i++) {
        buffer.set(i, values[i]);
      }
      return buffer;
    }
  }

  @Test
  void theFirstStepIsTheRateAgainstTheSignOfTheGradient() {
    AdamWSettings plain = new AdamWSettings(0.9, 0.99, 1e-12, 0, 0);
    assertEquals(1.75, FirstStep.of(plain, 3, 5).param(), 1e-11);
    assertEquals(2.25, FirstStep.of(plain, -1e-3, 5).param(), 1e-8);
    assertEquals(0.1 * 3, FirstStep.of(plain, 3, 5).firstMoment(), 1e-15);
    assertEquals(0.01 * 9, FirstStep.of(plain, 3, 5).secondMoment(), 1e-15);
  }

  @Test
  void decayPullsTowardsZeroByItsShareOfTheRate() {
    AdamWSettings decaying = new AdamWSettings(0.9, 0.99, 1e-12, 0.5, 0);
    assertEquals(2 * (1 - 0.25 * 0.5) - 0.25, FirstStep.of(decaying, 3, 5).param(), 1e-11);
  }

  @Test
  void epsilonIsAddedToTheRoot() {
    AdamWSettings wide = new AdamWSettings(0.9, 0.99, 1, 0, 0);
    assertEquals(2 - 0.25 * 3 / (3 + 1), FirstStep.of(wide, 3, 5).param(), 1e-12);
  }

  @Test
  void aGradientIsScaledDownToTheNormAndNeverUp() {
    AdamWSettings one = new AdamWSettings(0.9, 0.99, 1e-8, 0, 1);
    assertEquals(0.1 * 3 / (5 + 1e-6), FirstStep.of(one, 3, 5).firstMoment(), 1e-15);
    AdamWSettings ten = new AdamWSettings(0.9, 0.99, 1e-8, 0, 10);
    assertEquals(0.1 * 3, FirstStep.of(ten, 3, 5).firstMoment(), 1e-15);
  }

  @Test
  void anUpdateChangesParametersAndMomentsAndReadsTheRest() {
    Graph graph = new Graph();
    Tensor param = graph.variable("param", Shape.of(N));
    Tensor moment = graph.variable("moment", Shape.of(N));
    Tensor gradient = graph.variable("gradient", Shape.of(N));
    Tensor schedule = graph.input("schedule", DType.F32, Shape.of(3));
    Tensor norm = SquaredNorm.squaredNorm(gradient);
    new AdamW(SETTINGS).update(param, moment, moment, gradient, norm, schedule);
    Clear.clear(gradient);
    Node update = graph.nodes().get(1);
    Node clearing = graph.nodes().get(2);
    assertEquals((3 * 2 * N + N + 1 + 3) * Float.BYTES, update.op().leastBytes(update));
    assertEquals(N * Float.BYTES, clearing.op().leastBytes(clearing), "written, not read");
    assertTrue(clearing.op().mutates(0));
  }

  @Test
  void aClearedGradientIsZero() {
    Graph graph = new Graph();
    Tensor gradient = graph.variable("gradient", Shape.of(N));
    Clear.clear(gradient);
    ReferenceBackend backend = ReferenceBackend.inDoublePrecision();
    Buffer values = backend.allocate(N);
    for (int i = 0; i < N; i++) {
      values.set(i, gradient(1, i));
    }
    backend.compile(graph, Map.of("gradient", values)).run();
    for (int i = 0; i < N; i++) {
      assertEquals(0, values.get(i));
    }
  }

  private static void assertRefused(String message, double... s) {
    String found =
        assertThrows(
                IllegalArgumentException.class,
                () -> new AdamWSettings(s[0], s[1], s[2], s[3], s[4]))
            .getMessage();
    assertEquals(message, found);
  }

  @Test
  void settingsOutOfRangeAreRefusedByName() {
    assertRefused("beta1 is 1.0, it must lie in [0, 1)", 1, 0, 1, 0, 0);
    assertRefused("beta1 is -0.1, it must lie in [0, 1)", -0.1, 0, 1, 0, 0);
    assertRefused("beta2 is 1.0, it must lie in [0, 1)", 0, 1, 1, 0, 0);
    assertRefused("beta2 is -0.1, it must lie in [0, 1)", 0, -0.1, 1, 0, 0);
    assertRefused("epsilon is 0.0, it must lie in (0, ∞)", 0, 0, 0, 0, 0);
    assertRefused("weightDecay is -0.1, it must lie in [0, ∞)", 0, 0, 1, -0.1, 0);
    assertRefused("clipNorm is -0.1, it must lie in [0, ∞)", 0, 0, 1, 0, -0.1);
    assertEquals(0, new AdamWSettings(0, 0, Double.MIN_VALUE, 0, 0).clipNorm());
  }
}
