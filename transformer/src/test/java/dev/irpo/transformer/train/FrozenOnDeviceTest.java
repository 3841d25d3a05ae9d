package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.device.DeviceKernels;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.Golden;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Adapters over weights that a device gets from where a checkpoint has them.
@Tag("device")
class FrozenOnDeviceTest {
  private static final LlamaConfig ADAPTED =
      TinyModel.config(false).withAdapter(Optional.of(new Adapter(4, 6, false, Adapter.TARGETS)));

  private static final Set<String> TRAINED = ParameterSelection.adapter().of(ADAPTED).keySet();

  private static List<StoredTensor> stored(DType dtype) {
    try (Backend cpu = new CpuBackend(1)) {
      return TinyModel.stored(TinyModel.parameters(cpu, ADAPTED), dtype);
    }
  }

  private static Parameters mapped(Backend backend, List<StoredTensor> tensors) {
    return Parameters.map(
        backend,
        ADAPTED,
        "tiny",
        tensors,
        Arena.ofAuto(),
        TensorParallel.alone(),
        TRAINED,
        DType.F32);
  }

  private static Trainer<Pair> trainer(Backend backend, Parameters parameters) {
    TrainerSettings settings = PairTraining.settings(128, Llama.Activations.KEPT, "adapter");
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings);
  }

  private static List<Sample> drawn(Generator generator, int[] prompt) {
    List<Sample> drawn = new ArrayList<>();
    SamplingSettings settings = new SamplingSettings(1, 0, 1, 6, List.of());
    generator.generate(
        List.of(new GenerationRequest(0, prompt, 0, 4)).iterator(),
        Sampling.of(settings, 3, 1),
        new Sampling.Listener() {
          @Override
          public void finished(GenerationRequest request, List<Sample> samples) {
            drawn.addAll(samples);
          }

          @Override
          public void progress(long samples, long tokens) {}
        });
    return drawn;
  }

  @Test
  void samplerScorerAndTrainerAgreeToTheBit() {
    try (Backend device = Golden.device(DeviceKernels.PLAIN)) {
      Parameters frozen = mapped(device, stored(DType.BF16));
      int[] prompt = TinyModel.tokens(1, 5);
      Trainer<Pair> trainer = trainer(device, frozen);
      Scorer scorer = new Scorer(device, frozen, 200);
      Generator generator = new Generator(device, frozen, new DecodeLimits(4, 1, 5, 6, 4));
      var _ = List.of(generator.mostRows(), trainer.microBatch(), scorer.microBatch()); // compiled
      float[] trained = trainer.evaluate(pairs(4)).of(Pair.CHOSEN);
      for (int i = 0; i < trained.length; i++) {
        Pair pair = pairs(4).get(i);
        Sequence chosen = new Sequence(pair.prompt(), pair.chosen());
        assertEquals(trained[i], scorer.score(List.of(chosen)).getFirst().logProb(), "pair " + i);
      }
      for (Sample sample : drawn(generator, prompt)) {
        Sequence sequence = new Sequence(prompt, sample.ids());
        assertEquals(sample.logProb(), scorer.score(List.of(sequence)).getFirst().logProb());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"BF16, PLAIN", "BF16, GROUPS", "F16, PLAIN"})
  void anAdapterTrainsAsOnTheCpuAndTheHostReadsNoFrozenWeight(DType dtype, DeviceKernels kernels) {
    try (Backend cpu = new CpuBackend(2);
        Backend device = Golden.device(kernels)) {
      List<StoredTensor> tensors = stored(dtype);
      Parameters expected = mapped(cpu, tensors);
      Parameters frozen = mapped(device, tensors);
      step(trainer(cpu, expected), 2, 1e-2);
      step(trainer(device, frozen), 2, 1e-2);
      for (String name : TRAINED) {
        assertArrayEquals(
            expected.buffers().get(name).toFloatArray(),
            frozen.buffers().get(name).toFloatArray(),
            1e-4f,
            name);
      }
      checkPlaces(tensors, frozen, dtype);
    }
  }

  /// Where the frozen matrices are after all that.
  private static void checkPlaces(List<StoredTensor> tensors, Parameters frozen, DType dtype) {
    for (StoredTensor tensor : tensors) {
      if (tensor.shape().rank() == 2 && !Adapter.has(tensor.name())) {
        Buffer buffer = frozen.buffers().get(tensor.name());
        if (dtype == DType.F16) {
          assertSame(DType.F32, buffer.dtype());
          assertFalse(buffer.isInMemory(), tensor.name());
        } else {
          assertSame(dtype, buffer.dtype());
          assertEquals(tensor.data().address(), buffer.segment().address(), tensor.name());
        }
      }
    }
  }
}
