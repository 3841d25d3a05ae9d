package dev.irpo.tensor.autograd;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Backward;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.op.AdamW;
import dev.irpo.tensor.op.Add;
import dev.irpo.tensor.op.BlockWeights;
import dev.irpo.tensor.op.CachedAttention;
import dev.irpo.tensor.op.Clear;
import dev.irpo.tensor.op.DrawTokens;
import dev.irpo.tensor.op.Embedding;
import dev.irpo.tensor.op.Linear;
import dev.irpo.tensor.op.LogSumExp;
import dev.irpo.tensor.op.Narrow;
import dev.irpo.tensor.op.RmsNorm;
import dev.irpo.tensor.op.SquaredNorm;
import dev.irpo.tensor.op.StoreNarrowed;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.op.SwiGlu;
import dev.irpo.tensor.op.Widen;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class GradientsTest {
  /// Operations that nobody differentiates: updates, decoding, sampling.
  private static final Set<Class<? extends Op>> WITHOUT_GRADIENT =
      Set.of(
          AdamW.class,
          BlockWeights.class,
          CachedAttention.class,
          Clear.class,
          DrawTokens.class,
          LogSumExp.class,
          SquaredNorm.class,
          StoreNarrowed.class);

  @TestFactory
  Stream<DynamicTest> everyGradientIsTheSlope() {
    return GradientCases.all().map(c -> dynamicTest(c.name(), c::check));
  }

  @Test
  void everyOperationHasAGradientCheckOrIsKnownToHaveNoGradient() {
    Set<Class<?>> expected =
        new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages(Add.class.getPackageName())
                .stream()
                .filter(c -> c.isAssignableTo(Op.class))
                .map(JavaClass::reflect)
                .collect(toSet());
    Set<Class<?>> checked =
        GradientCases.all().flatMap(c -> c.operations().stream()).collect(toSet());
    assertTrue(expected.size() > 30, () -> "only " + expected + " were found");
    WITHOUT_GRADIENT.forEach(op ->
        assertThrows(
            NoSuchMethodException.class,
            () -> op.getDeclaredMethod("differentiate", Backward.class),
            () -> op + " has a gradient now"));
    expected.removeAll(checked);
    assertEquals(WITHOUT_GRADIENT, expected, "operations that no gradient check reaches");
  }

  @Test
  void everyRunAddsToTheGradients() {
    try (Backend backend = new CpuBackend(1)) {
      GradientCheck.Outcome outcome = GradientCheck.run(backend, GradientCases::tied);
      float[] once = outcome.gradient("table").toFloatArray();
      outcome.program().run();
      float[] twice = outcome.gradient("table").toFloatArray();
      for (int i = 0; i < once.length; i++) {
        assertEquals(2 * once[i], twice[i], 1e-6);
      }
    }
  }

  private static Tensor layers(GradientCheck m, boolean recomputed) {
    Tensor x = Embedding.embedding(m.variable("table", 7, 16), m.ints("tokens", 1, 6, 2, 0, 3));
    for (int i = 0; i < 8; i++) {
      Tensor input = x;
      String name = "layer" + i;
      Function<Tensor, Tensor> layer = t -> layer(m, name, t);
      x = recomputed ? m.graph().recomputed(() -> layer.apply(input)) : layer.apply(input);
    }
    return m.project(x);
  }

  private static Tensor layer(GradientCheck m, String name, Tensor x) {
    Tensor normed = RmsNorm.rmsNorm(x, m.variable(name + ".norm", 16), 1e-5);
    Tensor gate = Linear.linear(normed, m.variable(name + ".gate", 40, 16));
    Tensor up = Linear.linear(normed, m.variable(name + ".up", 40, 16));
    Tensor down = Linear.linear(SwiGlu.swiGlu(gate, up), m.variable(name + ".down", 16, 40));
    return Add.add(x, down);
  }

  @Test
  void recomputationGivesTheSameBitsInLessMemory() {
    try (Backend backend = new CpuBackend(2)) {
      GradientCheck.Outcome kept = GradientCheck.run(backend, m -> layers(m, false));
      GradientCheck.Outcome recomputed = GradientCheck.run(backend, m -> layers(m, true));
      assertEquals(kept.loss(), recomputed.loss());
      for (String name : kept.variables().keySet()) {
        float[] expected = kept.variables().get(name).toFloatArray();
        assertArrayEquals(expected, recomputed.variables().get(name).toFloatArray(), name);
      }
      long before = kept.program().plannedBytes();
      long after = recomputed.program().plannedBytes();
      assertTrue(after < 0.6 * before, () -> after + " bytes against " + before);
      assertTrue(recomputed.program().flops() > kept.program().flops());
    }
  }

  private static Tensor halfLayers(GradientCheck m, boolean recomputed) {
    Tensor table = m.variable("table", 7, 16);
    Tensor x = Narrow.narrow(Embedding.embedding(table, m.ints("tokens", 1, 6, 2, 0, 3)));
    for (int i = 0; i < 8; i++) {
      Tensor input = x;
      String name = "layer" + i;
      Function<Tensor, Tensor> layer = t -> halfLayer(m, name, t);
      x = recomputed ? m.graph().recomputed(() -> layer.apply(input)) : layer.apply(input);
    }
    return m.project(Widen.widen(x));
  }

  private static Tensor halfLayer(GradientCheck m, String name, Tensor x) {
    Tensor norm = m.variable(name + ".norm", 16);
    Tensor normed = Narrow.narrow(RmsNorm.rmsNorm(Widen.widen(x), norm, 1e-5));
    Tensor gate = Narrow.narrow(Linear.linear(normed, m.variable(name + ".gate", 40, 16)));
    Tensor up = Narrow.narrow(Linear.linear(normed, m.variable(name + ".up", 40, 16)));
    Tensor gated = Narrow.narrow(SwiGlu.swiGlu(Widen.widen(gate), Widen.widen(up)));
    Tensor down = Linear.linear(gated, m.variable(name + ".down", 16, 40));
    return Narrow.narrow(Add.add(Widen.widen(x), down));
  }

  /// Of the forward pass eight layers of 16 bits remain, in half of the memory but for alignment,
  /// and of the backward pass a few tensors of one layer in single precision.
  @Test
  void whatIsKeptIn16BitsTakesHalfOfTheMemoryAndNothingWiderStays() {
    try (Backend backend = new CpuBackend(2)) {
      long single = GradientCheck.run(backend, m -> layers(m, false)).program().plannedBytes();
      GradientCheck.Outcome kept = GradientCheck.run(backend, m -> halfLayers(m, false));
      long half = kept.program().plannedBytes();
      assertTrue(half < 0.7 * single, () -> half + " bytes against " + single);
      GradientCheck.Outcome recomputed = GradientCheck.run(backend, m -> halfLayers(m, true));
      assertEquals(kept.loss(), recomputed.loss());
      for (String name : kept.variables().keySet()) {
        float[] expected = kept.variables().get(name).toFloatArray();
        assertArrayEquals(expected, recomputed.variables().get(name).toFloatArray(), name);
      }
      assertTrue(recomputed.program().plannedBytes() < 0.6 * half);
    }
  }

  @Test
  void frozenWeightsCostNoGradient() {
    Graph graph = new Graph();
    Tensor frozen = graph.variable("frozen", Shape.of(3, 3));
    Tensor weight = graph.variable("weight", Shape.of(3, 3));
    Gradients.of(Sum.sum(Linear.linear(Linear.linear(frozen, weight), frozen)), List.of(weight));
    assertTrue(graph.leaves().containsKey("gradient/weight"));
    assertFalse(graph.leaves().containsKey("gradient/frozen"));
    long weightGradients =
        graph.nodes().stream()
            .filter(node -> node.op().name().toLowerCase(Locale.ROOT).contains("weightgradient"))
            .count();
    assertEquals(1, weightGradients);
  }

  /// Bit for bit, and nothing is added up that nobody reads.
  @TestFactory
  Stream<DynamicTest> aParameterTrainedAloneHasTheSameGradientAndCostsNoOther() {
    return GradientCases.all().map(c -> dynamicTest(c.name(), () -> trainEachAlone(c.model())));
  }

  private static void trainEachAlone(Function<GradientCheck, Tensor> model) {
    try (Backend backend = new CpuBackend(1)) {
      GradientCheck.Outcome all = GradientCheck.run(backend, model);
      for (String gradient : all.variables().keySet()) {
        if (!gradient.startsWith(Gradients.PREFIX)) {
          continue;
        }
        String name = gradient.substring(Gradients.PREFIX.length());
        GradientCheck.Outcome alone = GradientCheck.run(backend, model, name::equals);
        assertArrayEquals(
            all.gradient(name).toFloatArray(), alone.gradient(name).toFloatArray(), name);
        assertEquals(List.of(), addedInVain(alone.graph()), name);
      }
    }
  }

  /// Tensors that operations add to, though they are no variables and no operation reads them.
  private static List<Tensor> addedInVain(Graph graph) {
    Set<Tensor> needed = new HashSet<>(graph.outputs());
    List<Tensor> vain = new ArrayList<>();
    for (Node node : graph.nodes().reversed()) {
      for (int i = 0; i < node.inputs().size(); i++) {
        Tensor input = node.input(i);
        if (!node.op().mutates(i)) {
          needed.add(input);
        } else if (input.kind() != Tensor.Kind.VARIABLE && !needed.contains(input)) {
          vain.add(input);
        }
      }
    }
    return vain;
  }

  @Test
  void gradientsNeedAScalarLossAndVariables() {
    Graph graph = new Graph();
    Tensor x = graph.variable("x", Shape.of(3));
    Exception vector =
        assertThrows(IllegalArgumentException.class, () -> Gradients.of(x, List.of(x)));
    assertTrue(vector.getMessage().contains("x(3,)"), vector::getMessage);
    Tensor sum = Sum.sum(x);
    Exception computed =
        assertThrows(IllegalArgumentException.class, () -> Gradients.of(sum, List.of(sum)));
    assertTrue(computed.getMessage().contains("no variable"), computed::getMessage);
  }
}
