package dev.irpo.transformer.train;

import static dev.irpo.transformer.Llama.Activations.KEPT;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Trainings of models whose frozen weights are read from where a checkpoint has them.
class FrozenWeightsTest {
  private static final LlamaConfig ADAPTED =
      TinyModel.config(false).withAdapter(Optional.of(new Adapter(4, 6, false, Adapter.TARGETS)));

  /// Without clipping, since the order in which the gradient's norm is summed depends on which of
  /// the weights that change lie side by side.
  private static final AdamWSettings UNCLIPPED = new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 0);

  private static Set<String> trained(String selection) {
    return ParameterSelection.parse(selection).of(ADAPTED).keySet();
  }

  private static List<StoredTensor> stored(Backend backend, DType dtype) {
    return TinyModel.stored(TinyModel.parameters(backend, ADAPTED), dtype);
  }

  private static Parameters mapped(Backend backend, List<StoredTensor> tensors, String selection) {
    return mapped(backend, tensors, trained(selection));
  }

  private static Parameters mapped(
      Backend backend, List<StoredTensor> tensors, Set<String> changing) {
    Arena arena = Arena.ofAuto();
    TensorParallel alone = TensorParallel.alone();
    return Parameters.map(backend, ADAPTED, "tiny", tensors, arena, alone, changing, DType.F32);
  }

  private static Trainer<Pair> trainer(Backend backend, Parameters parameters, String selection) {
    return trainer(backend, parameters, ParameterSelection.parse(selection), Sharding.alone());
  }

  private static Trainer<Pair> trainer(
      Backend backend, Parameters parameters, ParameterSelection trained, Sharding sharding) {
    TrainerSettings settings = new TrainerSettings(128, KEPT, UNCLIPPED, trained, sharding);
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings);
  }

  @ParameterizedTest
  @CsvSource({
    "F32, adapter",
    "F32, head",
    "F32, layers:1",
    "F32, *.mlp.*",
    "BF16, adapter",
    "BF16, head",
    "BF16, layers:1",
    "F16, adapter",
    "F16, model.norm.weight"
  })
  void theyGiveTheBitsOfTheSameNumbersInMemory(DType dtype, String selection) {
    try (Backend cpu = new CpuBackend(2)) {
      List<StoredTensor> tensors = stored(cpu, dtype);
      Parameters loaded = Parameters.load(cpu, ADAPTED, "tiny", tensors);
      Parameters frozen = mapped(cpu, tensors, selection);
      step(trainer(cpu, loaded, selection), 3, 1e-2);
      step(trainer(cpu, frozen, selection), 3, 1e-2);
      for (String name : trained(selection)) {
        float[] expected = loaded.buffers().get(name).toFloatArray();
        assertArrayEquals(expected, frozen.buffers().get(name).toFloatArray(), name);
      }
      assertTrue(frozen.flat().numElements() < loaded.flat().numElements());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void matricesStayWhereTheyLie(DType dtype) {
    try (Backend cpu = new CpuBackend(1)) {
      List<StoredTensor> tensors = stored(cpu, dtype);
      Parameters frozen = mapped(cpu, tensors, "adapter");
      for (StoredTensor tensor : tensors) {
        if (tensor.shape().rank() == 2 && !Adapter.has(tensor.name())) {
          Buffer buffer = frozen.buffers().get(tensor.name());
          assertSame(dtype, buffer.dtype());
          assertEquals(tensor.data().address(), buffer.segment().address(), tensor.name());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void trainerAndScorerAgreeToTheBit(DType dtype) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters frozen = mapped(cpu, stored(cpu, dtype), "adapter");
      Trainer<Pair> trainer = trainer(cpu, frozen, "adapter");
      step(trainer, 2, 1e-2);
      List<Sequence> sequences = new ArrayList<>();
      for (Pair pair : pairs(4)) {
        sequences.add(new Sequence(pair.prompt(), pair.chosen()));
      }
      float[] trained = trainer.evaluate(pairs(4)).of(Pair.CHOSEN);
      Scorer scorer = new Scorer(cpu, frozen, 200);
      for (int i = 0; i < sequences.size(); i++) {
        assertEquals(trained[i], scorer.score(sequences).get(i).logProb(), "sequence " + i);
      }
    }
  }

  @Test
  void processesThatDivideWhatIsTrainedReadTheRestWhereItLies() {
    List<float[]> loaded = shards((cpu, tensors) -> Parameters.load(cpu, ADAPTED, "tiny", tensors));
    List<float[]> mapped = shards((cpu, tensors) -> mapped(cpu, tensors, Set.of()));
    assertEquals(2, mapped.size());
    for (int rank = 0; rank < 2; rank++) {
      assertArrayEquals(loaded.get(rank), mapped.get(rank));
    }
  }

  /// What two processes of ZeRO stage 3 own after some steps, from a model of 16 bits.
  private static List<float[]> shards(BiFunction<Backend, List<StoredTensor>, Parameters> open) {
    return InProcess.run(
        2,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            Parameters start = open.apply(cpu, stored(cpu, DType.BF16));
            Sharding sharding = Sharding.of(group, 3);
            Trainer<Pair> trainer = trainer(cpu, start, ParameterSelection.adapter(), sharding);
            step(trainer, 2, 1e-2);
            return trainer.optimizer().firstMoment().toFloatArray();
          }
        });
  }

  @Test
  void overwritingLeavesTheFrozenOnesAlone() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters frozen = mapped(cpu, stored(cpu, DType.BF16), "adapter");
      Map<String, float[]> before = new LinkedHashMap<>();
      frozen.buffers().forEach((name, buffer) -> before.put(name, buffer.toFloatArray()));
      List<StoredTensor> others = TinyModel.stored(Parameters.random(cpu, ADAPTED, 9), DType.F32);
      frozen.overwrite("others", others);
      for (StoredTensor other : others) {
        float[] after = frozen.buffers().get(other.name()).toFloatArray();
        float[] expected =
            Adapter.has(other.name())
                ? Buffer.wrap(other.data(), DType.F32).toFloatArray()
                : before.get(other.name());
        assertArrayEquals(expected, after, other.name());
      }
    }
  }

  @Test
  void whatIsMappedCannotBeTrainedInPlace() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters frozen = mapped(cpu, stored(cpu, DType.F32), "adapter");
      String message =
          assertThrows(IllegalArgumentException.class, () -> trainer(cpu, frozen, "head"))
              .getMessage();
      assertEquals("'lm_head.weight' is not among the weights that may change", message);
    }
  }
}
