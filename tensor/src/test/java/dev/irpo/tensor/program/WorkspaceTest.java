package dev.irpo.tensor.program;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Storage;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.Workspace;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WorkspaceTest {
  /// 2·x + x of so many elements.
  private record Tripled(Tensor x, Tensor result, Program program) {
    static Tripled of(Backend backend, int count, Workspace workspace) {
      Graph graph = new Graph();
      Tensor x = graph.input("x", DType.F32, Shape.of(count));
      Tensor result = Add.add(Scale.scale(x, 2), x);
      graph.output(result);
      return new Tripled(
          x, result, backend.compile(graph, Map.of(), CompileOptions.DEFAULT.in(workspace)));
    }

    double last(double value) {
      int count = x.size(0);
      for (int i = 0; i < count; i++) {
        program.buffer(x).set(i, value);
      }
      program.run();
      return program.buffer(result).get(count - 1);
    }
  }

  @Test
  void aProgramMovesWhenALargerOneJoinsAndGivesTheSame() {
    for (Backend backend : List.of(new CpuBackend(2), ReferenceBackend.inDoublePrecision())) {
      Workspace workspace = new Workspace();
      Tripled few = Tripled.of(backend, 5, workspace);
      assertEquals(3, few.last(1));
      Tripled many = Tripled.of(backend, 1000, workspace);
      assertEquals(6, many.last(2));
      assertEquals(9, few.last(3));
      assertEquals(12, many.last(4));
      backend.close();
    }
  }

  @Test
  void programsTakeTheMemoryOfTheLargestAlone() {
    try (Backend backend = new CpuBackend(1)) {
      Workspace workspace = new Workspace();
      Tripled many = Tripled.of(backend, 1000, workspace);
      Storage block = workspace.storage();
      Tripled few = Tripled.of(backend, 5, workspace);
      assertEquals(block, workspace.storage());
      assertEquals(many.program().plannedBytes(), Float.BYTES * block.numFloats());
      assertEquals(block, few.program().buffer(few.result()).storage());
    }
  }
}
