package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.ADAM_W;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.GroupFailure;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.SlowBackend;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Trainings whose programs read parameters of 16 bits.
class RoundedTrainingTest {
  private static final int STEPS = 3;
  private static final double RATE = 1e-2;

  /// What a process came to.
  ///
  /// @param masters of what it updates
  private record Outcome(
      float[] weights, float[] masters, List<Double> norms, List<Double> losses) {}

  /// The tiny model, or what is nearest to it in a type.
  private static Parameters start(Backend backend, DType type) {
    Parameters parameters = TinyModel.parameters(backend, false);
    for (long i = 0; type.isHalf() && i < parameters.flat().numElements(); i++) {
      float value = (float) parameters.flat().get(i);
      parameters.flat().set(i, HalfPrecision.rounded(type, value));
    }
    parameters.markChanged();
    return parameters;
  }

  private static Trainer<Pair> trainer(
      Backend backend, Parameters parameters, Sharding sharding, String trained, DType type) {
    TrainerSettings settings =
        new TrainerSettings(
            100, Llama.Activations.KEPT, ADAM_W, ParameterSelection.parse(trained), sharding, type);
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings);
  }

  private static Outcome train(Backend owned, Sharding sharding, String trained, DType type) {
    try (Backend backend = owned) {
      Parameters parameters = start(backend, type);
      Trainer<Pair> trainer = trainer(backend, parameters, sharding, trained, type);
      List<Double> norms = new ArrayList<>();
      List<Double> losses = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        losses.add(trainer.accumulate(pairs(9)).loss());
        norms.add(trainer.update(RATE));
        losses.add(trainer.evaluate(pairs(5)).loss());
      }
      float[] masters = trainer.optimizer().masters().orElseThrow().toFloatArray();
      return new Outcome(weights(parameters, trainer), masters, norms, losses);
    }
  }

  private static List<Outcome> train(
      int processes, Function<Group, Sharding> sharding, String trained, DType type) {
    return InProcess.run(
        processes, group -> train(new CpuBackend(1), sharding.apply(group), trained, type));
  }

  /// All of them, the trained ones as the first process shows them.
  private static float[] weights(Parameters parameters, Trainer<Pair> trainer) {
    Buffer all = Buffer.allocate(DType.F32, parameters.layout().numElements());
    all.copyFrom(parameters.flat());
    SequencedMap<String, Buffer> named = parameters.layout().slice(all, "");
    trainer.show(
        tensors -> tensors.forEach(tensor -> Parameters.copy(tensor, 0, named.get(tensor.name()))));
    trainer.sharding().group().broadcast(all.segment(), 0);
    return all.toFloatArray();
  }

  @ParameterizedTest
  @CsvSource({"BF16, all", "BF16, layers:1", "F16, all", "F16, head"})
  void reproducibleStepsHaveTheSameBitsForAnyNumberOfProcessesAndStage(DType type, String trained) {
    Outcome alone = train(1, Sharding::reproducible, trained, type).getFirst();
    for (int processes : new int[] {2, 3}) {
      for (int stage : new int[] {2, 3}) {
        for (Outcome outcome :
            train(processes, group -> Sharding.reproducible(group, stage), trained, type)) {
          assertArrayEquals(alone.weights, outcome.weights, processes + " processes");
          assertEquals(alone.norms, outcome.norms);
          assertEquals(alone.losses, outcome.losses);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, BF16",
    "1, 3, F16",
    "2, 1, BF16",
    "3, 1, F16",
    "2, 2, BF16",
    "3, 2, F16",
    "2, 3, BF16",
    "3, 3, F16"
  })
  void programsReadTheMastersRoundedInEveryProcess(int processes, int stage, DType type) {
    List<Outcome> outcomes = train(processes, group -> Sharding.of(group, stage), "all", type);
    int masters = outcomes.stream().mapToInt(outcome -> outcome.masters.length).sum();
    float[] weights = outcomes.getFirst().weights;
    assertEquals(weights.length, masters);
    List<float[]> rounded = new ArrayList<>();
    int inexact = 0;
    for (Outcome outcome : outcomes) {
      assertArrayEquals(weights, outcome.weights);
      assertEquals(outcomes.getFirst().losses, outcome.losses);
      float[] own = outcome.masters.clone();
      for (int i = 0; i < own.length; i++) {
        own[i] = HalfPrecision.rounded(type, own[i]);
        inexact += own[i] == outcome.masters[i] ? 0 : 1;
      }
      rounded.add(own);
    }
    assertTrue(inexact > masters / 2, inexact + " of " + masters);
    assertArrayEquals(sorted(List.of(weights)), sorted(rounded)); // each process has its ranges
  }

  private static float[] sorted(List<float[]> parts) {
    Stream<Float> all =
        parts.stream().flatMap(part -> IntStream.range(0, part.length).mapToObj(i -> part[i]));
    float[] values = new float[parts.stream().mapToInt(part -> part.length).sum()];
    int[] next = {0};
    all.sorted().forEach(value -> values[next[0]++] = value);
    return values;
  }

  @Test
  void oneProcessUpdatesMastersAsAdamWDoesAndRoundsAfterwards() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = start(cpu, DType.BF16);
      Trainer<Pair> trainer = trainer(cpu, parameters, Sharding.alone(), "all", DType.BF16);
      Parameters single = start(cpu, DType.BF16);
      Trainer<Pair> expected = trainer(cpu, single, Sharding.alone(), "all", DType.F32);
      for (Trainer<Pair> one : List.of(trainer, expected)) {
        one.accumulate(pairs(4));
        one.update(RATE);
      }
      float[] masters = trainer.optimizer().masters().orElseThrow().toFloatArray();
      assertArrayEquals(single.flat().toFloatArray(), masters); // of one step, to the bit
      float[] weights = parameters.flat().toFloatArray();
      for (int i = 0; i < weights.length; i++) {
        assertEquals(HalfPrecision.rounded(DType.BF16, masters[i]), weights[i]);
      }
      assertEquals(Optional.empty(), expected.optimizer().masters());
    }
  }

  @Test
  void stepsThatRoundingWouldSwallowAddUpInTheMasters() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = start(cpu, DType.BF16);
      float[] before = parameters.flat().toFloatArray();
      Trainer<Pair> trainer = trainer(cpu, parameters, Sharding.alone(), "all", DType.BF16);
      int changed = 0;
      for (int step = 1; step <= 40; step++) {
        trainer.accumulate(pairs(2));
        trainer.update(1e-5);
        int now = Arrays.mismatch(before, parameters.flat().toFloatArray());
        changed += now < 0 ? 0 : 1;
      }
      int moved = 0;
      float[] after = parameters.flat().toFloatArray();
      for (int i = 0; i < after.length; i++) {
        moved += after[i] == before[i] ? 0 : 1;
      }
      assertTrue(changed > 0 && moved > after.length / 100, changed + ", " + moved);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1, BF16", "2, 1, F16", "3, 2, BF16", "2, 3, BF16", "2, 3, F16"})
  void whatIsNotTrainedKeepsItsBits(int processes, int stage, DType type) {
    List<Outcome> outcomes = train(processes, group -> Sharding.of(group, stage), "layers:1", type);
    try (Backend cpu = new CpuBackend(1)) {
      Parameters start = start(cpu, type);
      Parameters trained = start(cpu, type);
      trained.flat().segment().copyFrom(MemorySegment.ofArray(outcomes.getLast().weights));
      for (ParameterLayout.Slice slice : start.layout().slices()) {
        assertEquals(
            slice.name().startsWith("model.layers.1."),
            !Arrays.equals(
                start.buffers().get(slice.name()).toFloatArray(),
                trained.buffers().get(slice.name()).toFloatArray()),
            slice.name());
      }
    }
  }

  @Test
  void aBackendWhoseProgramsCannotBeInterruptedComesToTheSameBits() {
    Outcome alone = train(1, Sharding::reproducible, "all", DType.BF16).getFirst();
    for (Outcome outcome :
        InProcess.run(
            2,
            group ->
                train(
                    new SlowBackend(new CpuBackend(1)),
                    Sharding.reproducible(group),
                    "all",
                    DType.BF16))) {
      assertArrayEquals(alone.weights, outcome.weights);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "2, 2", "2, 3"})
  void aStartThatWouldBeRoundedIsRefusedInEveryProcess(int processes, int stage) {
    InProcess.run(
        processes,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            Parameters parameters = start(cpu, DType.BF16);
            Buffer norm = parameters.buffers().get("model.norm.weight");
            norm.set(5, 1.00390625);
            parameters.markChanged();
            for (String trained : List.of("all", "model.norm.weight")) {
              Trainer<Pair> trainer =
                  trainer(cpu, parameters, Sharding.of(group, stage), trained, DType.BF16);
              String refusal =
                  assertThrows(IllegalArgumentException.class, () -> trainer.evaluate(pairs(2)))
                      .getMessage();
              assertTrue(
                  refusal.startsWith("tensor 'model.norm.weight' has 1.0039062 where bf16 has 1.0,")
                      && refusal.contains("bin/irpo convert --dtype bf16"),
                  refusal);
              assertFalse(refusal.contains("\n"));
              assertEquals(
                  refusal,
                  assertThrows(IllegalArgumentException.class, () -> trainer.accumulate(pairs(2)))
                      .getMessage());
            }
            Trainer<Pair> others =
                trainer(cpu, parameters, Sharding.of(group, stage), "layers:1", DType.BF16);
            assertTrue(Double.isFinite(others.accumulate(pairs(2)).loss()));
            return null;
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "2, 2", "2, 3"})
  void aMasterThatTheTypeDoesNotReachStopsAllProcesses(int processes, int stage) {
    InProcess.run(
        processes,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            Parameters parameters = start(cpu, DType.F16);
            Sharding sharding = Sharding.of(group, stage);
            Trainer<Pair> trainer = trainer(cpu, parameters, sharding, "all", DType.F16);
            trainer.accumulate(pairs(4));
            String refusal =
                assertThrows(IllegalArgumentException.class, () -> trainer.update(1e5))
                    .getMessage();
            assertTrue(
                refusal.matches(
                    "tensor '.*' came to \\S+, f16 ends at 65504\\.0: .*=bf16 or f32 or .*"),
                refusal);
            return null;
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "2, 3"})
  void aStepWhoseNormIsNotFiniteChangesNothing(int processes, int stage) {
    InProcess.run(
        processes,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            Parameters parameters = start(cpu, DType.BF16);
            Trainer<Pair> trainer =
                trainer(cpu, parameters, Sharding.of(group, stage), "all", DType.BF16);
            float[] before = weights(parameters, trainer);
            trainer.accumulate(pairs(4));
            trainer.gradients().firstEntry().getValue().set(0, Double.NaN);
            trainer.accumulate(pairs(4));
            assertTrue(Double.isNaN(trainer.update(RATE)));
            assertArrayEquals(before, weights(parameters, trainer));
            assertEquals(0, trainer.optimizer().stepsTaken());
            return null;
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 2", "2, 3"})
  void resumingFromMastersAndMomentsGivesTheSameBits(int processes, int stage) {
    List<Outcome> whole = train(processes, group -> Sharding.of(group, stage), "all", DType.BF16);
    List<float[]> resumed =
        InProcess.run(
            processes,
            group -> {
              try (Backend cpu = new CpuBackend(1)) {
                Sharding sharding = Sharding.of(group, stage);
                Parameters parameters = start(cpu, DType.BF16);
                Trainer<Pair> first = trainer(cpu, parameters, sharding, "all", DType.BF16);
                for (int step = 0; step < STEPS - 1; step++) {
                  first.accumulate(pairs(9));
                  first.update(RATE);
                }
                Parameters restored = start(cpu, DType.BF16);
                restored
                    .flat()
                    .segment()
                    .copyFrom(MemorySegment.ofArray(weights(parameters, first)));
                restored.markChanged();
                Trainer<Pair> second = trainer(cpu, restored, sharding, "all", DType.BF16);
                second
                    .optimizer()
                    .masters()
                    .orElseThrow()
                    .copyFrom(first.optimizer().masters().orElseThrow());
                PairTraining.copyState(first, second);
                second.accumulate(pairs(9));
                second.update(RATE);
                return weights(restored, second);
              }
            });
    resumed.forEach(weights -> assertArrayEquals(whole.getFirst().weights, weights));
  }

  @Test
  void anotherTrainingBeginsWithWhatTheModelHasThen() {
    try (Backend cpu = new CpuBackend(1)) {
      Parameters parameters = start(cpu, DType.BF16);
      Trainer<Pair> trainer = trainer(cpu, parameters, Sharding.alone(), "all", DType.BF16);
      PairTraining.step(trainer, 2, RATE);
      float[] once = parameters.flat().toFloatArray();
      trainer.reset();
      parameters.copyFrom(start(cpu, DType.BF16)); // after the reset, as a run does
      PairTraining.step(trainer, 2, RATE);
      assertArrayEquals(once, parameters.flat().toFloatArray());
      trainer.reset();
      PairTraining.step(trainer, 1, RATE);
      assertNotEquals(-1, Arrays.mismatch(once, parameters.flat().toFloatArray()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void whatIsGatheredHasTheBytesOfTheType(DType type) {
    for (int stage = 1; stage <= 3; stage++) {
      int own = stage;
      InProcess.run(
          2,
          group -> {
            try (Backend cpu = new CpuBackend(1)) {
              CountingGroup counting = new CountingGroup(group);
              Parameters parameters = start(cpu, type);
              Trainer<Pair> trainer =
                  trainer(cpu, parameters, Sharding.of(counting, own), "all", type);
              trainer.accumulate(pairs(4));
              trainer.update(RATE);
              trainer.accumulate(pairs(4));
              long all = parameters.layout().numElements();
              long elements = counting.elements().get();
              assertTrue(elements >= all, elements + " of " + all);
              assertEquals(type.bytes() * elements, counting.bytes().get());
              return null;
            }
          });
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "2, 2", "2, 3"})
  void mastersTakeTheShareOfAProcessAndGatheringNothing(int processes, int stage) {
    InProcess.run(
        processes,
        group -> {
          OutlineBackend outline = new OutlineBackend();
          Parameters parameters = Parameters.allocate(outline, TinyModel.config(false));
          List<Long> bytes = new ArrayList<>();
          List<Long> parameterBytes = new ArrayList<>();
          long share = 0;
          for (DType type : List.of(DType.F32, DType.BF16)) {
            long before = outline.allocatedBytes();
            Sharding sharding = Sharding.of(group, stage);
            Trainer<Pair> trainer = trainer(outline, parameters, sharding, "all", type);
            bytes.add(outline.allocatedBytes() - before);
            parameterBytes.add(trainer.parameterBytes());
            share = Float.BYTES * trainer.optimizer().layout().numOwned();
          }
          boolean isDivided = stage == 3 && processes > 1; // then the share is there already
          assertEquals(bytes.getFirst() + (isDivided ? 0 : share), bytes.getLast());
          assertEquals(
              parameterBytes.getFirst() + (isDivided ? 0 : share), parameterBytes.getLast());
          return null;
        });
  }

  @Test
  void programsThatCannotBeInterruptedGatherNoRoundedParametersEither() {
    assertThrows(
        GroupFailure.class,
        () ->
            InProcess.run(
                2,
                group ->
                    train(
                        new SlowBackend(new CpuBackend(1)),
                        Sharding.of(group, 3),
                        "all",
                        DType.BF16)));
  }
}
