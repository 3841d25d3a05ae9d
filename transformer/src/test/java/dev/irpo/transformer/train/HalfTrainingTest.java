package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.HalfTrainings.half;
import static dev.irpo.transformer.train.HalfTrainings.names;
import static dev.irpo.transformer.train.HalfTrainings.requireAgreement;
import static dev.irpo.transformer.train.HalfTrainings.requireHalf;
import static dev.irpo.transformer.train.HalfTrainings.requireInRange;
import static dev.irpo.transformer.train.HalfTrainings.requireRoundedMasters;
import static dev.irpo.transformer.train.HalfTrainings.shown;
import static dev.irpo.transformer.train.HalfTrainings.steps;
import static dev.irpo.transformer.train.HalfTrainings.trainer;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.Llama.Activations;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.train.HalfTrainings.Kind;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Trainings with weights and activations in bfloat16.
class HalfTrainingTest {
  @ParameterizedTest
  @EnumSource
  void programsReadTheMastersInBfloat16AndNothingElseOfThem(Kind kind) {
    try (Backend cpu = new CpuBackend(2)) {
      requireRoundedMasters(trainer(cpu, half(cpu, kind.config(), kind.trained()), kind.trained()));
    }
  }

  @Test
  void aMasterThatBfloat16DoesNotReachStopsATraining() {
    try (Backend cpu = new CpuBackend(1)) {
      requireInRange(cpu);
    }
  }

  @ParameterizedTest
  @EnumSource
  void samplerScorerAndTrainerAgreeToTheBit(Kind kind) {
    try (Backend cpu = new CpuBackend(2)) {
      requireAgreement(cpu, kind);
    }
  }

  @ParameterizedTest
  @EnumSource
  void neitherThreadsNorRecomputationNorTheBudgetChangeABit(Kind kind) {
    List<List<Double>> numbers = new ArrayList<>();
    List<float[]> weights = new ArrayList<>();
    for (int threads : new int[] {1, 3}) {
      for (Activations activations : Activations.values()) {
        try (Backend cpu = new CpuBackend(threads)) {
          Parameters parameters = half(cpu, kind.config(), kind.trained());
          Trainer<Pair> trainer =
              trainer(cpu, parameters, activations, kind.trained(), Sharding.alone());
          numbers.add(steps(trainer, 3));
          weights.add(parameters.flat().toFloatArray());
        }
      }
    }
    for (int i = 1; i < numbers.size(); i++) {
      assertEquals(numbers.getFirst(), numbers.get(i));
      assertArrayEquals(weights.getFirst(), weights.get(i));
    }
  }

  /// In ZeRO stage 3 programs read the same numbers in single precision.
  @ParameterizedTest
  @CsvSource({"2, 1", "2, 2", "3, 2", "2, 3"})
  void processesThatShareAStepFindTheBitsOfOne(int processes, int stage) {
    Map<String, float[]> alone = reproducible(1, 2).getFirst();
    Map<String, float[]> shared = reproducible(processes, stage).getFirst();
    assertEquals(alone.keySet(), shared.keySet());
    alone.forEach((name, values) -> assertArrayEquals(values, shared.get(name), name));
  }

  private static List<Map<String, float[]>> reproducible(int processes, int stage) {
    return InProcess.run(
        processes,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            LlamaConfig config = Kind.TIED.config();
            Sharding sharding = Sharding.reproducible(group, stage);
            Set<String> changing = stage == 3 ? Set.of() : names(config, "all");
            Parameters parameters = half(cpu, config, changing, TensorParallel.alone());
            Trainer<Pair> trainer =
                trainer(cpu, parameters, Activations.RECOMPUTED, "all", sharding);
            steps(trainer, 2);
            return shown(trainer);
          }
        });
  }

  /// The forward pass has a fixed tree of sums; gradients are summed by process.
  @ParameterizedTest
  @EnumSource
  void processesThatHoldAModelTogetherFindTheLossOfOne(Kind kind) {
    List<Double> alone = sliced(kind, 1).getFirst();
    for (List<Double> found : sliced(kind, 2)) {
      assertEquals(alone.get(0), found.get(0), "loss");
      assertEquals(alone.get(1), found.get(1), 1e-5 * alone.get(1), "norm of the gradient");
    }
  }

  private static List<List<Double>> sliced(Kind kind, int ranks) {
    return InProcess.run(
        ranks,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            TensorParallel parallel = new TensorParallel(group, new InnerSum.Tree(2));
            Set<String> changing = names(kind.config(), kind.trained());
            Parameters parameters = half(cpu, kind.config(), changing, parallel);
            return steps(trainer(cpu, parameters, kind.trained()), 1);
          }
        });
  }

  @Test
  void theReferenceKeepsFrozenWeightsAsTheyAre() {
    try (Backend reference = ReferenceBackend.inSinglePrecision()) {
      LlamaConfig config = Kind.ADAPTED.config();
      Parameters parameters = half(reference, config, "adapter");
      Trainer<Pair> trainer = trainer(reference, parameters, "adapter");
      Buffer frozen = parameters.buffers().get(LlamaConfig.EMBEDDING);
      float[] before = frozen.toFloatArray();
      steps(trainer, 1);
      assertEquals(DType.F32, frozen.dtype());
      assertArrayEquals(before, frozen.toFloatArray());
      float[] masters = trainer.optimizer().masters().orElseThrow().toFloatArray();
      for (int i = 0; i < masters.length; i++) {
        assertEquals(HalfPrecision.rounded(DType.BF16, masters[i]), parameters.flat().get(i));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void weightsAndActivationsTakeHalf(Kind kind) {
    try (Backend cpu = new CpuBackend(1)) {
      requireHalf(cpu, kind, kind.config());
    }
  }

  @Test
  void numbersThatTheTypeLacksAreRefused() {
    try (Backend cpu = new CpuBackend(1)) {
      LlamaConfig config = Kind.TIED.config();
      List<StoredTensor> single = TinyModel.stored(TinyModel.parameters(cpu, config), DType.F32);
      String refusal =
          assertThrows(
                  IllegalArgumentException.class,
                  () ->
                      Parameters.map(
                          cpu,
                          config,
                          "tiny",
                          single,
                          Arena.ofAuto(),
                          TensorParallel.alone(),
                          names(config, "all"),
                          DType.BF16))
              .getMessage();
      assertTrue(
          refusal.startsWith("tensor 'model.embed_tokens.weight' has ")
              && refusal.endsWith("(bin/irpo convert --dtype bf16), or train in f32"),
          refusal);
      Parameters parameters = half(cpu, config, "all");
      TrainerSettings settings = PairTraining.settings(128, Activations.KEPT);
      assertEquals(
          "parameters that are in memory as BF16 are rounded to it, not to F32",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new Trainer<>(cpu, parameters, new PreferenceLoss(), settings))
              .getMessage());
    }
  }
}
