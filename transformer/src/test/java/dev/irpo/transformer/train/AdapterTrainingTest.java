package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static dev.irpo.transformer.train.PairTraining.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Models with low-rank adapters, and training of these alone.
class AdapterTrainingTest {
  private static final LlamaConfig BASE = TinyModel.config(false);
  private static final LlamaConfig ADAPTED =
      BASE.withAdapter(Optional.of(new Adapter(4, 6, false, Adapter.TARGETS)));

  /// The tiny model with an adapter that adds something.
  private static Parameters used(Backend backend) {
    Parameters parameters = TinyModel.parameters(backend, ADAPTED);
    parameters
        .buffers()
        .forEach((name, buffer) -> {
          if (name.endsWith(Adapter.B)) {
            long key = CounterRandom.key(11, name);
            for (long i = 0; i < buffer.numElements(); i++) {
              buffer.set(i, 0.3 * CounterRandom.normal(key, i));
            }
          }
        });
    parameters.markChanged();
    return parameters;
  }

  private static Trainer<Pair> trainer(Backend backend, Parameters parameters, String trained) {
    return trainer(backend, parameters, Llama.Activations.KEPT, trained);
  }

  private static Trainer<Pair> trainer(
      Backend backend, Parameters parameters, Llama.Activations activations, String trained) {
    TrainerSettings settings = settings(128, activations, trained);
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings);
  }

  private static Map<String, float[]> gradients(Trainer<Pair> trainer) {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    trainer.gradients().forEach((name, buffer) -> gradients.put(name, buffer.toFloatArray()));
    return gradients;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFreshAdapterAddsNothingToTheBit(boolean reference) {
    try (Backend backend = reference ? ReferenceBackend.inDoublePrecision() : new CpuBackend(2)) {
      StepResult base =
          trainer(backend, TinyModel.parameters(backend, BASE), "all").evaluate(pairs(4));
      StepResult fresh =
          trainer(backend, TinyModel.parameters(backend, ADAPTED), "adapter").evaluate(pairs(4));
      assertArrayEquals(base.of(Pair.CHOSEN), fresh.of(Pair.CHOSEN));
      assertArrayEquals(base.of(Pair.REJECTED), fresh.of(Pair.REJECTED));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"self_attn.q_proj", "self_attn.o_proj", "mlp.up_proj", "mlp.down_proj"})
  void gradientsAreTheSlopesOfTheLoss(String linear) {
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Parameters parameters = used(backend);
      Trainer<Pair> trainer = trainer(backend, parameters, "adapter");
      trainer.accumulate(pairs(4));
      for (String factor : List.of(Adapter.A, Adapter.B)) {
        String name = LlamaConfig.layerParameter(1, linear + factor);
        Buffer weights = parameters.buffers().get(name);
        Buffer gradient = trainer.gradients().get("gradient/" + name);
        for (int i = 0; i < gradient.numElements(); i += 7) {
          double slope = slope(trainer, parameters, weights, i);
          assertEquals(slope, gradient.get(i), 1e-4 * Math.abs(slope) + 1e-6, name + " " + i);
        }
      }
    }
  }

  private static double slope(
      Trainer<Pair> trainer, Parameters parameters, Buffer weights, int index) {
    double at = weights.get(index);
    double[] losses = new double[2];
    double step = 1e-4;
    for (int side = 0; side < 2; side++) {
      weights.set(index, at + (side == 0 ? -step : step));
      parameters.markChanged();
      losses[side] = trainer.evaluate(pairs(4)).loss();
    }
    weights.set(index, at);
    parameters.markChanged();
    return (losses[1] - losses[0]) / (2 * step);
  }

  @Test
  void aModelWithAnAdapterComputesWhatTheMergedOneDoes() {
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Parameters adapted = used(backend);
      Parameters merged = TinyModel.parameters(backend, BASE);
      double scale = ADAPTED.layers().adapter().orElseThrow().scale();
      assertEquals(1.5, scale);
      merged
          .buffers()
          .forEach((name, weight) -> {
            Buffer a = adapted.buffers().get(name.replace(".weight", Adapter.A));
            Buffer b = adapted.buffers().get(name.replace(".weight", Adapter.B));
            if (a != null && !name.contains("norm")) {
              Shape shape = BASE.parameterShapes().get(name);
              for (long out = 0; out < shape.size(0); out++) {
                for (long in = 0; in < shape.size(1); in++) {
                  double sum = 0;
                  for (long r = 0; r < 4; r++) {
                    sum += b.get(out * 4 + r) * a.get(r * shape.size(1) + in);
                  }
                  long at = out * shape.size(1) + in;
                  weight.set(at, weight.get(at) + scale * sum);
                }
              }
            }
          });
      merged.markChanged();
      float[] one = trainer(backend, adapted, "adapter").evaluate(pairs(4)).of(Pair.CHOSEN);
      float[] other = trainer(backend, merged, "all").evaluate(pairs(4)).of(Pair.CHOSEN);
      assertArrayEquals(other, one, 1e-4f);
      float[] base =
          trainer(backend, TinyModel.parameters(backend, BASE), "all")
              .evaluate(pairs(4))
              .of(Pair.CHOSEN);
      assertTrue(Math.abs(base[2] - one[2]) > 1, "the adapter changes something");
    }
  }

  @Test
  void onlyTheAdapterMovesAndHasGradientsAndMoments() {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = TinyModel.parameters(cpu, ADAPTED);
      Map<String, float[]> before = new LinkedHashMap<>();
      parameters.buffers().forEach((name, buffer) -> before.put(name, buffer.toFloatArray()));
      Trainer<Pair> trainer = trainer(cpu, parameters, "adapter");
      double first = trainer.evaluate(pairs(4)).loss();
      step(trainer, 8, 1e-2);
      assertTrue(trainer.evaluate(pairs(4)).loss() < first);
      int moved = 0;
      for (Map.Entry<String, float[]> entry : before.entrySet()) {
        float[] after = parameters.buffers().get(entry.getKey()).toFloatArray();
        if (Adapter.has(entry.getKey())) {
          moved++;
          assertTrue(!Arrays.equals(entry.getValue(), after), entry.getKey());
        } else {
          assertArrayEquals(entry.getValue(), after, entry.getKey());
        }
      }
      assertEquals(2 * 7 * BASE.numLayers(), moved);
      assertEquals(moved, trainer.gradients().size());
    }
  }

  @Test
  void neitherThreadsNorRecomputingMoveABit() {
    Map<String, float[]> one = gradientsWith(1, Llama.Activations.KEPT);
    Map<String, float[]> two = gradientsWith(2, Llama.Activations.RECOMPUTED);
    one.forEach((name, values) -> assertArrayEquals(values, two.get(name), name));
  }

  private static Map<String, float[]> gradientsWith(int threads, Llama.Activations activations) {
    try (Backend cpu = new CpuBackend(threads)) {
      Trainer<Pair> trainer = trainer(cpu, used(cpu), activations, "adapter");
      trainer.accumulate(pairs(4));
      return gradients(trainer);
    }
  }

  @ParameterizedTest
  @EnumSource(Llama.Activations.class)
  void processesThatHoldTheModelTogetherHaveTheirSlicesOfTheGradient(
      Llama.Activations activations) {
    Map<String, float[]> whole = gradientsWith(1, Llama.Activations.KEPT);
    List<Map<String, float[]>> slices =
        InProcess.run(
            2,
            group -> {
              TensorParallel parallel = new TensorParallel(group, new InnerSum.ByProcess());
              try (Backend cpu = new CpuBackend(1)) {
                List<StoredTensor> tensors = TinyModel.stored(used(cpu), DType.F32);
                Parameters own = Parameters.load(cpu, ADAPTED, "tiny", tensors, parallel);
                Trainer<Pair> trainer = trainer(cpu, own, activations, "adapter");
                trainer.accumulate(pairs(4));
                return gradients(trainer);
              }
            });
    whole.forEach((name, values) -> {
      Shape shape = ADAPTED.parameterShapes().get(name.substring("gradient/".length()));
      float[] found = joined(shape, slices.get(0).get(name), slices.get(1).get(name));
      float most = 0;
      for (float value : values) {
        most = Math.max(most, Math.abs(value));
      }
      assertArrayEquals(values, found, 1e-4f * most, name);
    });
  }

  /// Both slices as one; of what both have whole they must have the same.
  private static float[] joined(Shape shape, float[] first, float[] second) {
    if (first.length == shape.numElements()) {
      assertArrayEquals(first, second);
      return first;
    }
    int rows = shape.size(0);
    int columns = shape.size(1);
    boolean isRows = columns == 4; // slices of B
    float[] joined = new float[rows * columns];
    for (int i = 0; i < joined.length; i++) {
      int row = i / columns;
      int column = i % columns;
      int half = columns / 2;
      if (isRows) {
        joined[i] = i < first.length ? first[i] : second[i - first.length];
      } else {
        joined[i] = column < half ? first[row * half + column] : second[row * half + column - half];
      }
    }
    return joined;
  }

  @Test
  void targetsAreThoseThatAreNamed() {
    List<String> targets = new ArrayList<>(List.of("v_proj", "q_proj"));
    LlamaConfig config = BASE.withAdapter(Optional.of(new Adapter(2, 2, true, targets)));
    assertEquals(List.of("q_proj", "v_proj"), config.layers().adapter().orElseThrow().targets());
    assertEquals(Math.sqrt(2), config.layers().adapter().orElseThrow().scale(), 1e-15);
    assertEquals(
        List.of(
            "self_attn.q_proj.lora_A.weight",
            "self_attn.q_proj.lora_B.weight",
            "self_attn.v_proj.lora_A.weight",
            "self_attn.v_proj.lora_B.weight"),
        config.layerShapes().keySet().stream().filter(Adapter::has).toList());
    assertEquals(Shape.of(2, 24), config.layerShapes().get("self_attn.q_proj.lora_A.weight"));
    assertEquals(Shape.of(12, 2), config.layerShapes().get("self_attn.v_proj.lora_B.weight"));
    assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
  }
}
