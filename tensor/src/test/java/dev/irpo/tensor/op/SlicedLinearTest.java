package dev.irpo.tensor.op;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.Samples;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SlicedLinearTest {
  private static final int ROWS = 5;
  private static final int OUT = 37;
  private static final int IN = 96;

  private record Operands(Buffer x, Buffer weight) {
    static Operands whole() {
      return new Operands(signed(1, ROWS * IN), signed(2, OUT * IN));
    }

    /// Half of the columns.
    Operands half(int number) {
      return new Operands(half(x, number), half(weight, number));
    }

    private static Buffer half(Buffer matrix, int number) {
      Buffer half = Buffer.allocate(DType.F32, matrix.numElements() / 2);
      for (long i = 0; i < half.numElements(); i++) {
        long column = number * (IN / 2L) + i % (IN / 2);
        half.set(i, matrix.get(i / (IN / 2) * IN + column));
      }
      return half;
    }
  }

  private static Buffer signed(long seed, int n) {
    Buffer buffer = Buffer.allocate(DType.F32, n);
    for (int i = 0; i < n; i++) {
      buffer.set(i, Samples.signed(seed, i));
    }
    return buffer;
  }

  private static float[] product(Backend backend, Operands operands, int slices) {
    int inDim = (int) operands.x.numElements() / ROWS;
    Graph graph = new Graph();
    Tensor x = graph.variable("x", Shape.of(ROWS, inDim));
    Tensor weight = graph.variable("weight", Shape.of(OUT, inDim));
    Tensor out =
        slices == 0 ? Linear.linear(x, weight) : SlicedLinear.slicedLinear(x, weight, slices);
    graph.output(out);
    Program program = backend.compile(graph, Map.of("x", operands.x, "weight", operands.weight));
    program.run();
    return program.buffer(out).toFloatArray();
  }

  private static void checkHalves(Backend backend) {
    Operands whole = Operands.whole();
    for (int slices : new int[] {2, 4, 8}) {
      float[] left = product(backend, whole.half(0), slices / 2);
      float[] right = product(backend, whole.half(1), slices / 2);
      float[] sum = new float[left.length];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = left[i] + right[i];
      }
      assertArrayEquals(sum, product(backend, whole, slices), slices + " slices");
    }
  }

  @Test
  void twoHalvesOfTheColumnsAddUpToTheBitsOfAll() {
    checkHalves(ReferenceBackend.inSinglePrecision());
    try (Backend cpu = new CpuBackend(2)) {
      checkHalves(cpu);
    }
  }

  @Test
  void oneSliceIsTheLinearLayerAndMoreDifferFromItByRoundingAlone() {
    try (Backend cpu = new CpuBackend(1)) {
      float[] linear = product(cpu, Operands.whole(), 0);
      assertArrayEquals(linear, product(cpu, Operands.whole(), 1));
      float[] sliced = product(cpu, Operands.whole(), 8);
      assertArrayEquals(linear, sliced, 4e-6f);
      assertFalse(Arrays.equals(linear, sliced), "another order gives other bits");
    }
  }
}
