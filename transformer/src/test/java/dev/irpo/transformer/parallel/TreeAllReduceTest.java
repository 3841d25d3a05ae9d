package dev.irpo.transformer.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.op.Scale;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TreeAllReduceTest {
  /// Whether they cancel depends on which are added first.
  private static final float[] TERMS = {1e8f, 1, -1e8f, 1};

  /// The sum of a variable whose terms are these, one for each rank, after a second run too.
  private static float[] sum(
      Group group, int n, BiFunction<Tensor, Group, Tensor> reduce, boolean isComputed) {
    try (Backend cpu = new CpuBackend(1)) {
      Graph graph = new Graph();
      Tensor x = graph.variable("x", Shape.of(n));
      Tensor sum = reduce.apply(isComputed ? Scale.scale(x, 1) : x, group);
      graph.output(sum);
      var variable = cpu.allocate(n);
      for (int i = 0; i < n; i++) {
        variable.set(i, TERMS[(group.rank() + i) % 4]);
      }
      Program program = cpu.compile(graph, Map.of("x", variable));
      program.run();
      program.run();
      return program.buffer(sum).toFloatArray();
    }
  }

  /// Fewer elements than ranks, ranges of different lengths.
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 16, 17, 100})
  void neighboursAreAddedFirst(int n) {
    for (boolean isComputed : new boolean[] {false, true}) {
      List<float[]> sums =
          InProcess.run(4, group -> sum(group, n, TreeAllReduce::treeAllReduce, isComputed));
      for (float[] found : sums) {
        for (int i = 0; i < n; i++) {
          float left = TERMS[i % 4] + TERMS[(i + 1) % 4];
          float right = TERMS[(i + 2) % 4] + TERMS[(i + 3) % 4];
          assertEquals(left + right, found[i], "element " + i);
        }
      }
    }
  }

  @Test
  void theOrdersOfTheGroupAndOfTheTreeDiffer() {
    List<float[]> tree =
        InProcess.run(4, group -> sum(group, 4, TreeAllReduce::treeAllReduce, false));
    List<float[]> byGroup = InProcess.run(4, group -> sum(group, 4, AllReduce::allReduce, false));
    boolean differs = false;
    for (int i = 0; i < 4; i++) {
      differs |= tree.getFirst()[i] != byGroup.getFirst()[i];
    }
    assertTrue(differs);
  }
}
