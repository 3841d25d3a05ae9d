package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Gradients in processes that hold a model together. Their values are compared with golden ones in
/// `irpo`.
class SlicedTrainingTest {
  private static final LlamaConfig CONFIG = TinyModel.config(true);

  private static Trainer<Pair> trainer(
      Backend backend, TensorParallel parallel, Llama.Activations activations, String trained) {
    Parameters whole = TinyModel.parameters(backend, CONFIG);
    Parameters own =
        Parameters.load(backend, CONFIG, "tiny", TinyModel.stored(whole, DType.F32), parallel);
    return new Trainer<>(backend, own, new PreferenceLoss(), settings(128, activations, trained));
  }

  private static List<Map<String, float[]>> gradients(
      Llama.Activations activations, String trained) {
    return InProcess.run(
        2,
        group -> {
          TensorParallel parallel = new TensorParallel(group, new InnerSum.ByProcess());
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
          TensorParallel parallel = new TensorParallel(group, new InnerSum.ByProcess());
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

  private static long sums(String listing) {
    return listing.lines().filter(line -> line.contains("allReduce")).count();
  }

  @Test
  void anOptimizerStepOfSlicesIsRefused() {
    InProcess.run(
        2,
        group -> {
          TensorParallel parallel = new TensorParallel(group, new InnerSum.ByProcess());
          try (Backend cpu = new CpuBackend(1)) {
            Trainer<Pair> trainer = trainer(cpu, parallel, Llama.Activations.KEPT, "all");
            String message =
                assertThrows(IllegalStateException.class, () -> trainer.update(1e-3)).getMessage();
            assertTrue(message.startsWith("2 processes hold the model together"), message);
            return null;
          }
        });
  }
}
