package dev.irpo.transformer.train;

import static dev.irpo.transformer.Llama.Activations.KEPT;
import static dev.irpo.transformer.train.PairTraining.copyState;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static dev.irpo.transformer.train.PairTraining.step;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.DeadCodeElimination;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.packing.Budget;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Training of some of a model's parameters.
class PartialTrainingTest {
  private static Trainer<Pair> trainer(Backend backend, Parameters parameters, String trained) {
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings(128, KEPT, trained));
  }

  private static Map<String, float[]> weights(Parameters parameters) {
    Map<String, float[]> weights = new LinkedHashMap<>();
    parameters.buffers().forEach((name, buffer) -> weights.put(name, buffer.toFloatArray()));
    return weights;
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "layers:1", "*.mlp.*, model.norm.weight"})
  void onlyWhatIsSelectedMovesAndHasGradientsAndMoments(String trained) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = TinyModel.parameters(cpu, false);
      Map<String, float[]> before = weights(parameters);
      Set<String> selected = ParameterSelection.parse(trained).of(parameters.config()).keySet();
      Trainer<Pair> trainer = trainer(cpu, parameters, trained);
      step(trainer, 2, 1e-2);
      weights(parameters)
          .forEach((name, after) -> {
            boolean isSame = Arrays.equals(before.get(name), after);
            assertEquals(!selected.contains(name), isSame, name);
          });
      assertEquals(selected.size(), trainer.gradients().size());
      long elements =
          selected.stream().mapToLong(name -> parameters.buffers().get(name).numElements()).sum();
      long padding = 15L * selected.size();
      long moments = trainer.optimizer().firstMoment().numElements();
      assertTrue(moments >= elements && moments <= elements + padding, moments + " " + elements);
      assertEquals(moments, trainer.optimizer().secondMoment().numElements());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "layers:1", "*.mlp.*, model.norm.weight"})
  void whatIsSelectedHasTheGradientsOfFullTrainingToTheBit(String trained) {
    try (Backend cpu = new CpuBackend(2)) {
      Trainer<Pair> all = trainer(cpu, TinyModel.parameters(cpu, false), "all");
      Trainer<Pair> some = trainer(cpu, TinyModel.parameters(cpu, false), trained);
      assertEquals(all.accumulate(pairs(4)).loss(), some.accumulate(pairs(4)).loss());
      some.gradients()
          .forEach((name, gradient) ->
              assertArrayEquals(
                  all.gradients().get(name).toFloatArray(), gradient.toFloatArray(), name));
    }
  }

  @Test
  void theNormOfTheGradientIsThatOfAllStretches() {
    try (Backend cpu = new CpuBackend(2)) {
      Trainer<Pair> trainer =
          trainer(cpu, TinyModel.parameters(cpu, false), "model.embed_tokens.weight, head");
      trainer.accumulate(pairs(4));
      double squares = 0;
      for (Buffer gradient : trainer.gradients().values()) {
        for (float value : gradient.toFloatArray()) {
          squares += (double) value * value;
        }
      }
      assertEquals(Math.sqrt(squares), trainer.update(1e-2), 1e-6 * Math.sqrt(squares));
      trainer
          .gradients()
          .values()
          .forEach(gradient -> {
            for (float value : gradient.toFloatArray()) {
              assertEquals(0, value);
            }
          });
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"head", "model.embed_tokens.weight, head"})
  void resumingFromTheTrainedTensorsAloneGivesTheSameBits(String trained) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = TinyModel.parameters(cpu, false);
      Trainer<Pair> trainer = trainer(cpu, parameters, trained);
      step(trainer, 2, 1e-2);
      Parameters restored = TinyModel.parameters(cpu, false);
      Trainer<Pair> resumed = trainer(cpu, restored, trained);
      for (String name : ParameterSelection.parse(trained).of(parameters.config()).keySet()) {
        restored.buffers().get(name).copyFrom(parameters.buffers().get(name));
      }
      restored.markChanged();
      copyState(trainer, resumed);
      step(trainer, 3, 1e-2);
      step(resumed, 3, 1e-2);
      assertEquals(-1, restored.flat().segment().mismatch(parameters.flat().segment()));
    }
  }

  /// Bytes that a trainer allocates besides the weights, and operations of a micro-batch with and
  /// without gradients.
  private record Work(long bytes, double flops, double forwardFlops) {
    static Work of(LlamaConfig config, String trained) {
      try (OutlineBackend outline = new OutlineBackend()) {
        Parameters parameters = Parameters.allocate(outline, config);
        long before = outline.allocatedBytes();
        long activations = trainer(outline, parameters, trained).activationBytes();
        assertTrue(activations > 0);
        List<Graph> graphs = // clear, norm and update, with gradients, without
            outline.compilations().stream().map(Compilation::graph).toList();
        return new Work(
            outline.allocatedBytes() - before, flops(graphs.get(3)), flops(graphs.get(4)));
      }
    }

    private static double flops(Graph graph) {
      return DeadCodeElimination.of(graph).stream()
          .mapToDouble(node -> node.op().flops(node))
          .sum();
    }
  }

  @Test
  void theHeadAloneNeedsThreeCopiesOfItselfAndNoBackwardPassOfTheLayers() {
    LlamaConfig config = TinyModel.config(false);
    Work all = Work.of(config, "all");
    Work head = Work.of(config, "head");
    long table = config.tableShape().numElements();
    long padded = (table + 15) / 16 * 16;
    assertEquals(3 * Float.BYTES * padded, head.bytes);
    assertTrue(all.bytes >= 3 * Float.BYTES * config.numParameters(), all.toString());
    // its logits again, and its gradient
    double ofHead = 4.0 * Budget.ofTokens(128).scoredPositions() * table;
    assertEquals(head.forwardFlops + ofHead, head.flops);
    assertEquals(all.forwardFlops, head.forwardFlops);
    assertTrue(all.flops > 2.5 * all.forwardFlops, all.toString());
  }

  /// Operations of the largest micro-batch of a model.
  private static List<Node> microBatch(
      LlamaConfig config, String trained, Llama.Activations activations) {
    try (OutlineBackend outline = new OutlineBackend()) {
      Parameters parameters = Parameters.allocate(outline, config);
      TrainerSettings settings = settings(128, activations, trained);
      Trainer<Pair> trainer = new Trainer<>(outline, parameters, new PreferenceLoss(), settings);
      Graph graph = OutlineBackend.compilationOf(trainer.microBatch()).graph();
      return DeadCodeElimination.of(graph);
    }
  }

  private static Map<String, Long> operationsBySection(
      String trained, Llama.Activations activations) {
    return microBatch(TinyModel.config(false), trained, activations).stream()
        .collect(groupingBy(Node::section, counting()));
  }

  @ParameterizedTest
  @EnumSource(Llama.Activations.class)
  void theBackwardPassEndsAtTheLowestTrainedLayer(Llama.Activations activations) {
    Map<String, Long> all = operationsBySection("all", activations);
    Map<String, Long> last = operationsBySection("layers:1", activations);
    Map<String, Long> head = operationsBySection("head", activations);
    Set<String> forward = Set.of("embedding", "layer 0", "layer 1", "head");
    assertEquals(union(forward, "head backward"), head.keySet());
    assertEquals(union(forward, "head backward", "layer 1 backward"), last.keySet());
    assertEquals(
        union(
            forward, "head backward", "layer 1 backward", "layer 0 backward", "embedding backward"),
        all.keySet());
    for (String section : forward) {
      assertEquals(all.get(section), last.get(section), section);
      assertEquals(all.get(section), head.get(section), section);
    }
  }

  private static Set<String> union(Set<String> some, String... others) {
    Set<String> union = new HashSet<>(some);
    union.addAll(List.of(others));
    return union;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFrozenHeadTakesNoMemoryOfItsSize(boolean tiedHead) {
    LlamaConfig config = TinyModel.config(tiedHead);
    for (Llama.Activations activations : Llama.Activations.values()) {
      List<Tensor> computed =
          microBatch(config, "layers:1", activations).stream()
              .flatMap(node -> node.outputs().stream())
              .toList();
      assertTrue(computed.size() > 50, computed.toString());
      assertTrue(
          computed.stream().noneMatch(tensor -> tensor.shape().equals(config.tableShape())),
          computed.toString());
    }
  }

  @Test
  void activationsUnderAFrozenHeadDoNotDependOnTheVocabulary() {
    long few = activationBytes(300);
    assertEquals(few, activationBytes(30_000));
  }

  private static long activationBytes(int vocabSize) {
    LlamaConfig config =
        new LlamaConfig(vocabSize, 24, 40, 2, 4, 2, 6, 96, 10_000, 1e-5, false, 1, List.of(2));
    try (OutlineBackend outline = new OutlineBackend()) {
      return trainer(outline, Parameters.allocate(outline, config), "layers:1").activationBytes();
    }
  }
}
