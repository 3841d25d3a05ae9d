package dev.irpo.tensor.tornado;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.Narrow;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.StoreNarrowed;
import dev.irpo.tensor.op.Widen;
import dev.irpo.tensor.tornado.TornadoKernels.Form;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/// Tensors and variables in bfloat16 on TornadoVM's default device.
@Tag("device")
class HalfTensorsTest {
  private static DevicePlans plans(long maxArray) {
    var device = TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    return new DevicePlans(device, (done, total) -> {}, maxArray, Form.PLAIN, false, false);
  }

  /// Numbers of all magnitudes, ties, borders of exponents, and what is no number.
  private static float value(SplittableRandom random, int index) {
    int bits = random.nextInt();
    return switch (index) {
      case 0 -> 0;
      case 1 -> -0f;
      case 2 -> Float.NaN;
      case 3 -> Float.POSITIVE_INFINITY;
      case 4 -> Float.NEGATIVE_INFINITY;
      case 5 -> Float.MAX_VALUE;
      case 6 -> -0x1.FEFFFFp127f; // the largest that is not too large
      case 7 -> Float.MIN_VALUE;
      case 8 -> 0x1p-134f; // a tie between 0 and the smallest
      case 9 -> -0x1.8p-133f;
      default ->
          switch (index % 5) {
            case 0 -> Float.intBitsToFloat((bits & 0xffff_0000) | 0x8000);
            case 1 -> Float.intBitsToFloat(bits | 0x007f_ffff);
            case 2 -> Float.intBitsToFloat(bits & 0x80ff_ffff);
            default -> Float.intBitsToFloat(bits);
          };
    };
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 10, 65_537})
  void aDeviceRoundsAndReadsAsTheCpuDoes(int n) {
    try (Backend backend = new TornadoBackend(plans(1 << 28))) {
      Graph graph = new Graph();
      Tensor x = graph.input("x", DType.F32, Shape.of(n));
      Tensor rounded = Narrow.narrow(x);
      Tensor kept = Narrow.narrow(Scale.scale(x, 1)); // not an output
      Tensor read = Widen.widen(kept);
      graph.output(rounded);
      graph.output(read);
      Program program = backend.compile(graph, Map.of());
      SplittableRandom random = new SplittableRandom(3);
      for (int i = 0; i < n; i++) {
        program.buffer(x).set(i, value(random, i));
      }
      program.run();
      assertEquals(n, program.buffer(rounded).numElements());
      for (int i = 0; i < n; i++) {
        float exact = (float) program.buffer(x).get(i);
        float expected = HalfPrecision.rounded(DType.BF16, exact);
        float found = (float) program.buffer(rounded).get(i);
        assertEquals(expected, found, "of " + exact); // tells 0 from -0
        assertEquals(expected, (float) program.buffer(read).get(i), "of " + exact);
      }
    }
  }

  /// `target = x` in one of three views of a flat variable, each of which begins anywhere; then a
  /// product with another of them.
  @ParameterizedTest
  @ValueSource(longs = {1, 100, 1 << 28})
  void aVariableIsOverwrittenWhereAViewIsAndNowhereElse(long maxArray) {
    int[] lengths = {33, 70 * 3, 41};
    try (Backend backend = new TornadoBackend(plans(maxArray))) {
      Buffer flat = backend.allocate(DType.BF16, 1 + 33 + 70 * 3 + 41);
      Buffer source = backend.allocate(flat.numElements());
      for (int i = 0; i < flat.numElements(); i++) {
        flat.set(i, Samples.signed(1, i));
        source.set(i, Samples.signed(2, i));
      }
      float[] expected = flat.toFloatArray();
      long offset = 1;
      for (int view = 0; view < lengths.length; view++) {
        Graph graph = new Graph();
        Tensor target = graph.variable("target", DType.BF16, Shape.of(lengths[view]));
        StoreNarrowed.storeNarrowed(target, graph.variable("x", Shape.of(lengths[view])));
        Map<String, Buffer> variables =
            Map.of(
                "target", flat.slice(offset, lengths[view]),
                "x", source.slice(offset, lengths[view]));
        backend.compile(graph, variables).run();
        for (long i = offset; i < offset + lengths[view]; i++) {
          expected[(int) i] = HalfPrecision.rounded(DType.BF16, (float) source.get(i));
        }
        for (int i = 0; i < expected.length; i++) {
          assertEquals(expected[i], flat.get(i), "element " + i + " after view " + view);
        }
        offset += lengths[view];
      }
      requireProduct(backend, flat.slice(34, 70 * 3));
    }
  }

  private static void requireProduct(Backend backend, Buffer weight) {
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(1, 70));
    Tensor y = Linear.linear(Narrow.narrow(x), graph.variable("w", DType.BF16, Shape.of(3, 70)));
    graph.output(y);
    Program program = backend.compile(graph, Map.of("w", weight));
    for (int k = 0; k < 70; k++) {
      program.buffer(x).set(k, Samples.signed(4, k));
    }
    program.run();
    for (int n = 0; n < 3; n++) {
      double sum = 0;
      double magnitude = 0;
      for (int k = 0; k < 70; k++) {
        float row = HalfPrecision.rounded(DType.BF16, Samples.signed(4, k));
        double term = row * weight.get(n * 70L + k);
        sum += term;
        magnitude += Math.abs(term);
      }
      assertEquals(sum, program.buffer(y).get(n), 4 * Math.sqrt(70) * 0x1p-24 * magnitude);
    }
  }

  @Test
  void whatIsKeptIn16BitsTakesHalf() {
    DevicePlans plans = plans(1 << 28);
    Graph graph = new Graph();
    Tensor x = graph.input("x", DType.F32, Shape.of(1001));
    Tensor first = Narrow.narrow(Scale.scale(x, 2));
    Tensor second = Narrow.narrow(Scale.scale(x, 3));
    graph.output(Add.add(Widen.widen(first), Widen.widen(second)));
    TornadoProgram program =
        new TornadoProgram(plans, new Compilation(graph, Map.of(), CompileOptions.DEFAULT));
    assertEquals(List.of(1001L, 1001L), program.arraySizes(DType.BF16));
    assertEquals(List.of(1001L, 1001L), program.arraySizes(DType.F32));
    assertEquals(2 * 1001 * (2 + 4), program.plannedBytes());
  }
}
