package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.DeadCodeElimination;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Training in processes that hold a model together. Their gradients are compared with golden ones
/// in `irpo`.
class SlicedTrainingTest {
  private static final LlamaConfig CONFIG = TinyModel.config(true);

  private static Parameters parameters(Backend backend, TensorParallel parallel) {
    Parameters whole = TinyModel.parameters(backend, CONFIG);
    List<StoredTensor> tensors = TinyModel.stored(whole, DType.F32);
    return Parameters.load(backend, CONFIG, "tiny", tensors, parallel);
  }

  private static Trainer<Pair> trainer(
      Backend backend, TensorParallel parallel, Llama.Activations activations, String trained) {
    return trainer(backend, parallel, activations, trained, 128);
  }

  private static Trainer<Pair> trainer(
      Backend backend,
      TensorParallel parallel,
      Llama.Activations activations,
      String trained,
      int tokenBudget) {
    Parameters own = parameters(backend, parallel);
    return new Trainer<>(
        backend, own, new PreferenceLoss(), settings(tokenBudget, activations, trained));
  }

  private static List<Map<String, float[]>> gradients(
      Llama.Activations activations, String trained) {
    return InProcess.run(
        2,
        group -> {
          TensorParallel parallel = byProcess(group);
          try (Backend cpu = new CpuBackend(1)) {
            Trainer<Pair> trainer = trainer(cpu, parallel, activations, trained);
            trainer.accumulate(pairs(4));
            Map<String, float[]> gradients = new LinkedHashMap<>();
            for (Map.Entry<String, Buffer> entry : trainer.gradients().entrySet()) {
              gradients.put(entry.getKey(), entry.getValue().toFloatArray());
            }
            return gradients;
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "layers:1", "*.mlp.*, model.norm.weight"})
  void whatAllProcessesHaveGetsTheSameGradientInAll(String trained) {
    List<Map<String, float[]>> found = gradients(Llama.Activations.KEPT, trained);
    int compared = 0;
    for (String name : found.get(0).keySet()) {
      if (name.contains("norm") || name.endsWith(LlamaConfig.EMBEDDING)) {
        assertArrayEquals(found.get(0).get(name), found.get(1).get(name), name);
        compared++;
      }
    }
    assertTrue(compared > 0);
  }

  @Test
  void recomputedActivationsGiveTheSameBits() {
    List<Map<String, float[]>> kept = gradients(Llama.Activations.KEPT, "all");
    List<Map<String, float[]>> recomputed = gradients(Llama.Activations.RECOMPUTED, "all");
    for (int rank = 0; rank < 2; rank++) {
      Map<String, float[]> again = recomputed.get(rank);
      kept.get(rank).forEach((name, values) -> assertArrayEquals(values, again.get(name), name));
    }
  }

  @Test
  void aLayerSumsTwiceForwardAndTwiceBackward() {
    InProcess.run(
        2,
        group -> {
          TensorParallel parallel = byProcess(group);
          try (Backend cpu = new CpuBackend(1)) {
            String kept = trainer(cpu, parallel, Llama.Activations.KEPT, "all").describe();
            assertEquals(4L * CONFIG.numLayers(), sums(kept));
            String recomputed =
                trainer(cpu, parallel, Llama.Activations.RECOMPUTED, "all").describe();
            assertEquals(5L * CONFIG.numLayers(), sums(recomputed));
            return null;
          }
        });
  }

  /// A rank's bytes of what the operations of an outlined program send.
  private static long sent(Program program) {
    return DeadCodeElimination.of(OutlineBackend.compilationOf(program).graph()).stream()
        .mapToLong(node -> node.op().sentBytes(node))
        .sum();
  }

  /// Four sums a layer of all rows, one more where the forward pass runs again, and the norm.
  @ParameterizedTest
  @CsvSource({"KEPT, BY_PROCESS, 4", "RECOMPUTED, BY_PROCESS, 5", "KEPT, TREE, 4"})
  void aProcessSendsWhatItsProgramsSay(Llama.Activations activations, String order, int sums) {
    int budget = 96; // of which the pairs take more than the next smaller one
    InnerSum innerSum = order.equals("TREE") ? new InnerSum.Tree(4) : new InnerSum.ByProcess();
    InProcess.run(
        2,
        group -> {
          CountingGroup counting = new CountingGroup(group);
          TensorParallel parallel = new TensorParallel(counting, innerSum);
          OutlineBackend outline = new OutlineBackend();
          long planned =
              sent(
                  new Trainer<>(
                          outline,
                          Parameters.allocate(outline, CONFIG, parallel),
                          new PreferenceLoss(),
                          settings(budget, activations, "all"))
                      .microBatch());
          long ofSum = 2L * budget * CONFIG.embedDim() * Float.BYTES / 2; // 2 S (n − 1)/n
          assertEquals((long) sums * CONFIG.numLayers() * ofSum, planned);
          try (Backend cpu = new CpuBackend(1)) {
            Trainer<Pair> trainer = trainer(cpu, parallel, activations, "all", budget);
            assertEquals(0, counting.sent().get(), "loading sends nothing");
            trainer.accumulate(pairs(4));
            assertEquals(planned, counting.sent().get());
            trainer.update(1e-3);
            assertEquals(planned + parallel.bytesOfNumber(), counting.sent().get());
          }
          return null;
        });
  }

  @Test
  void aLayerBelowAllThatIsTrainedSumsForwardAlone() {
    OutlineBackend outline = new OutlineBackend();
    InProcess.run(
        2,
        group -> {
          TensorParallel parallel = byProcess(group);
          Trainer<Pair> trainer =
              new Trainer<>(
                  outline,
                  Parameters.allocate(outline, CONFIG, parallel),
                  new PreferenceLoss(),
                  settings(96, Llama.Activations.KEPT, "layers:1"));
          long ofSum = 96L * CONFIG.embedDim() * Float.BYTES;
          assertEquals((2 * CONFIG.numLayers() + 2) * ofSum, sent(trainer.microBatch()));
          return null;
        });
  }

  private static long sums(String listing) {
    return listing.lines().filter(line -> line.contains("allReduce")).count();
  }

  /// What steps came to in one process.
  private record Outcome(Parameters parameters, List<Double> losses, List<Double> norms) {}

  private static Outcome train(TensorParallel parallel, Sharding sharding, String trained) {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters own = parameters(cpu, parallel);
      TrainerSettings settings =
          new TrainerSettings(
              100,
              Llama.Activations.KEPT,
              PairTraining.ADAM_W,
              ParameterSelection.parse(trained),
              sharding);
      Trainer<Pair> trainer = new Trainer<>(cpu, own, new PreferenceLoss(), settings);
      List<Double> losses = new ArrayList<>();
      List<Double> norms = new ArrayList<>();
      for (int step = 0; step < 3; step++) {
        losses.add(trainer.accumulate(pairs(6)).loss());
        norms.add(trainer.update(1e-2));
      }
      return new Outcome(own, losses, norms);
    }
  }

  private static void requireSliceOf(Outcome whole, Outcome found, int rank) {
    for (int step = 0; step < whole.losses.size(); step++) {
      assertEquals(whole.losses.get(step), found.losses.get(step), 1e-4);
      assertEquals(whole.norms.get(step), found.norms.get(step), 1e-3 * whole.norms.get(step));
    }
    TensorParallel second = InProcess.run(2, SlicedTrainingTest::byProcess).get(rank);
    List<StoredTensor> expected = TinyModel.stored(whole.parameters, DType.F32);
    Parameters slice =
        Parameters.load(ReferenceBackend.inSinglePrecision(), CONFIG, "trained", expected, second);
    assertArrayEquals(slice.flat().toFloatArray(), found.parameters.flat().toFloatArray(), 2e-4f);
  }

  private static TensorParallel byProcess(Group group) {
    return new TensorParallel(group, new InnerSum.ByProcess());
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "layers:1, model.norm.weight", "*.mlp.*"})
  void twoSlicesTrainAsTheWholeModelUpToTheOrderOfSums(String trained) {
    Outcome whole = train(TensorParallel.alone(), Sharding.alone(), trained);
    List<Outcome> found =
        InProcess.run(2, group -> train(byProcess(group), Sharding.alone(), trained));
    assertEquals(found.get(0).norms, found.get(1).norms);
    for (int rank = 0; rank < 2; rank++) {
      requireSliceOf(whole, found.get(rank), rank);
    }
    found
        .get(0)
        .parameters
        .buffers()
        .forEach((name, buffer) -> {
          if (found.get(0).parameters.copies(name) == 2) {
            float[] other = found.get(1).parameters.buffers().get(name).toFloatArray();
            assertArrayEquals(buffer.toFloatArray(), other, name);
          }
        });
  }

  /// Ranks 0 and 1 hold a model, and 2 and 3; 0 and 2 share the optimizer of one slice, and 1 and
  /// 3.
  @Test
  void twoModelsOfTwoSlicesTrainAsOne() {
    Outcome whole = train(TensorParallel.alone(), Sharding.alone(), "all");
    List<Outcome> found =
        InProcess.run(
            4,
            group -> {
              Group ofModel = group.split(group.rank() / 2, group.rank());
              Group ofSlice = group.split(group.rank() % 2, group.rank());
              return train(byProcess(ofModel), Sharding.of(ofSlice, 1), "all");
            });
    for (int rank = 0; rank < 4; rank++) {
      assertEquals(found.get(0).norms, found.get(rank).norms);
      requireSliceOf(whole, found.get(rank), rank % 2);
      assertArrayEquals(
          found.get(rank % 2).parameters.flat().toFloatArray(),
          found.get(rank).parameters.flat().toFloatArray());
    }
  }
}
