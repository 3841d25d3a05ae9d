package dev.irpo.tensor.program;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Bytes follow from the types of the tensors.
class MemoryPlanTest {
  private static final int N = 160;

  /// Rounds to bfloat16 by leaving out the lower half.
  private record Truncate() implements Op {
    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.getFirst().shape());
    }

    @Override
    public DType outputType(int index, List<Tensor> inputs) {
      return DType.BF16;
    }

    @Override
    public boolean canOverwrite(int index) {
      return true;
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      return () -> {
        for (int i = 0; i < N; i++) {
          int bits = Float.floatToRawIntBits((float) in.getFirst().get(i));
          out.getFirst()
              .segment()
              .setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, i, (short) (bits >>> 16));
        }
      };
    }
  }

  /// Back to single precision.
  private record Widen() implements Op {
    @Override
    public Set<DType> inputTypes(int index) {
      return Set.of(DType.BF16);
    }

    @Override
    public List<Shape> outputShapes(List<Tensor> inputs) {
      return List.of(inputs.getFirst().shape());
    }

    @Override
    public Runnable bind(Node node, Kernels kernels, List<Buffer> in, List<Buffer> out) {
      return () -> {
        for (int i = 0; i < N; i++) {
          out.getFirst().set(i, in.getFirst().get(i));
        }
      };
    }
  }

  private final Graph graph = new Graph();
  private final Tensor x = graph.input("x", DType.F32, Shape.of(N));
  private final Tensor doubled = Scale.scale(x, 2);
  private final Tensor half = graph.apply(new Truncate(), doubled).output(0);
  private final Tensor widened = graph.apply(new Widen(), half).output(0);

  @Test
  void aTensorOf16BitsTakesTwoBytesAnElement() {
    Set<Tensor> all = Set.of(doubled, half, widened);
    assertEquals(2 * N, half.bytes());
    MemoryPlan plan = MemoryPlan.of(graph.nodes(), all, Precision.AS_DECLARED);
    assertEquals((4 + 2 + 4) * N, plan.totalBytes());
    MemoryPlan inDouble = MemoryPlan.of(graph.nodes(), all, Precision.DOUBLE);
    assertEquals(3 * 8 * N, inDouble.totalBytes());
  }

  @Test
  void aTensorDoesNotTakeOverTheMemoryOfOneOfAnotherType() {
    for (Precision precision : Precision.values()) {
      MemoryPlan plan = MemoryPlan.of(graph.nodes(), Set.of(widened), precision);
      assertNotEquals(plan.offset(doubled), plan.offset(half));
    }
  }

  @Test
  void tensorsOfSeveralTypesShareAWorkspace() {
    graph.output(widened);
    graph.output(half);
    try (Backend cpu = new CpuBackend(1)) {
      Program program = cpu.compile(graph, Map.of());
      program.buffer(x).set(0, 0.7);
      program.buffer(x).set(N - 1, 3);
      program.run();
      assertEquals(DType.BF16, program.buffer(half).dtype());
      assertEquals(1.3984375, program.buffer(widened).get(0));
      assertEquals(6, program.buffer(half).get(N - 1));
      assertEquals(6, program.buffer(widened).get(N - 1));
    }
  }

  @Test
  void doublePrecisionStoresVariablesOfEveryTypeInDouble() {
    Graph half = new Graph();
    Tensor weight = half.variable("w", DType.BF16, Shape.of(1));
    half.output(half.apply(new Widen(), weight).output(0));
    try (Backend reference = ReferenceBackend.inDoublePrecision()) {
      Map<String, Buffer> narrow = Map.of("w", Buffer.allocate(DType.BF16, 1));
      Exception thrown =
          assertThrows(IllegalArgumentException.class, () -> reference.compile(half, narrow));
      assertTrue(
          thrown.getMessage().contains("needs 1 F64, its buffer has 1 BF16"), thrown::toString);
      assertEquals(
          DType.F64,
          reference.compile(half, Map.of("w", reference.allocate(1))).buffer(weight).dtype());
    }
  }
}
