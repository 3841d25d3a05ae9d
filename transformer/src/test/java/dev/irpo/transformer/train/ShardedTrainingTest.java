package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.ADAM_W;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.GroupFailure;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.SlowBackend;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Several processes against one.
class ShardedTrainingTest {
  private static final int STEPS = 3;

  /// What a process came to.
  private record Outcome(
      float[] weights, List<StepResult> results, List<Double> norms, Parameters parameters) {}

  private static Outcome train(Group group, Function<Group, Sharding> sharding, String trained) {
    return train(group, sharding, trained, false);
  }

  private static Outcome train(
      Group group, Function<Group, Sharding> sharding, String trained, boolean isTied) {
    return train(new CpuBackend(1), group, sharding, trained, isTied);
  }

  private static Outcome train(
      Backend owned,
      Group group,
      Function<Group, Sharding> sharding,
      String trained,
      boolean isTied) {
    try (Backend cpu = owned) {
      Parameters parameters = TinyModel.parameters(cpu, isTied);
      Trainer<Pair> trainer = trainer(cpu, parameters, sharding.apply(group), trained);
      List<StepResult> results = new ArrayList<>();
      List<Double> norms = new ArrayList<>();
      for (int step = 0; step < STEPS; step++) {
        results.add(trainer.accumulate(pairs(9)));
        norms.add(trainer.update(1e-2));
        results.add(trainer.evaluate(pairs(5)));
      }
      return new Outcome(weights(parameters, trainer), results, norms, parameters);
    }
  }

  /// All of them, as this process has them, or, where it has a share, as the first one reads them.
  private static float[] weights(Parameters parameters, Trainer<Pair> trainer) {
    if (!trainer.sharding().dividesParameters()) {
      return parameters.flat().toFloatArray();
    }
    Backend cpu = new CpuBackend(1);
    Buffer all = cpu.allocate(parameters.layout().numElements());
    all.copyFrom(parameters.flat());
    SequencedMap<String, Buffer> named = parameters.layout().slice(all, "");
    trainer.show(
        tensors -> tensors.forEach(tensor -> Parameters.copy(tensor, 0, named.get(tensor.name()))));
    trainer.sharding().group().broadcast(all.segment(), 0);
    return all.toFloatArray();
  }

  private static Trainer<Pair> trainer(
      Backend backend, Parameters parameters, Sharding sharding, String trained) {
    TrainerSettings settings =
        new TrainerSettings(
            100, Llama.Activations.KEPT, ADAM_W, ParameterSelection.parse(trained), sharding);
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings);
  }

  private static List<Outcome> train(
      int processes, Function<Group, Sharding> sharding, String trained) {
    return InProcess.run(processes, group -> train(group, sharding, trained));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "2 | 1 | all",
        "3 | 1 | all",
        "4 | 1 | head",
        "3 | 1 | layers:1",
        "2 | 1 | model.norm.weight, head",
        "2 | 2 | all",
        "3 | 2 | all",
        "4 | 2 | head",
        "3 | 2 | layers:1",
        "2 | 2 | model.norm.weight, head",
        "2 | 2 | model.embed_tokens.weight, head",
        "2 | 3 | all",
        "3 | 3 | all",
        "4 | 3 | head",
        "3 | 3 | layers:1",
        "2 | 3 | model.norm.weight, head",
        "2 | 3 | model.embed_tokens.weight, head",
        "2 | 3 | *.input_layernorm.weight"
      })
  void severalProcessesTrainAsOneUpToTheOrderOfSums(int processes, int stage, String trained) {
    Outcome alone = train(Group.alone(), _ -> Sharding.alone(), trained);
    requireAlmost(alone, train(processes, group -> Sharding.of(group, stage), trained));
  }

  @ParameterizedTest
  @CsvSource({"1, all", "2, all", "2, head", "3, all", "3, head"})
  void aTiedTableIsSummedOnceItIsComplete(int stage, String trained) {
    Outcome alone = train(Group.alone(), _ -> Sharding.alone(), trained, true);
    requireAlmost(
        alone,
        InProcess.run(3, group -> train(group, some -> Sharding.of(some, stage), trained, true)));
  }

  private static void requireAlmost(Outcome alone, List<Outcome> outcomes) {
    for (Outcome outcome : outcomes) {
      assertArrayEquals(alone.weights, outcome.weights, 2e-4f);
      for (int i = 0; i < alone.results.size(); i++) {
        assertEquals(alone.results.get(i).loss(), outcome.results.get(i).loss(), 1e-4);
        assertEquals(
            alone.results.get(i).items().keySet(), outcome.results.get(i).items().keySet());
      }
      for (int step = 0; step < STEPS; step++) {
        assertEquals(alone.norms.get(step), outcome.norms.get(step), 1e-3 * alone.norms.get(step));
      }
    }
  }

  @Test
  void allProcessesEndWithTheSameBits() {
    for (Function<Group, Sharding> sharding :
        List.<Function<Group, Sharding>>of(
            group -> Sharding.of(group, 1),
            group -> Sharding.of(group, 2),
            group -> Sharding.of(group, 3),
            Sharding::reproducible)) {
      List<Outcome> outcomes = train(3, sharding, "all");
      for (Outcome outcome : outcomes) {
        assertArrayEquals(outcomes.getFirst().weights, outcome.weights);
        assertEquals(outcomes.getFirst().norms, outcome.norms);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "head", "layers:1"})
  void reproducibleStepsHaveTheSameBitsForAnyNumberOfProcesses(String trained) {
    Outcome alone = train(1, Sharding::reproducible, trained).getFirst();
    for (int processes : new int[] {2, 3, 4, 8}) {
      List<Outcome> outcomes = new ArrayList<>();
      for (int stage : new int[] {2, 3}) {
        outcomes.addAll(train(processes, group -> Sharding.reproducible(group, stage), trained));
      }
      for (Outcome outcome : outcomes) {
        assertArrayEquals(alone.weights, outcome.weights, processes + " processes");
        assertEquals(alone.norms, outcome.norms);
        for (int i = 0; i < alone.results.size(); i++) {
          StepResult expected = alone.results.get(i);
          StepResult found = outcome.results.get(i);
          assertEquals(expected.loss(), found.loss());
          assertEquals(expected.metrics(), found.metrics());
          assertEquals(expected.rows(), found.rows());
          expected
              .items()
              .forEach((name, values) -> assertArrayEquals(values, found.items().get(name)));
        }
      }
    }
  }

  @Test
  void dividedParametersBeginAsTheOnesGivenAndLeaveThemAsTheyAre() {
    List<float[]> given =
        InProcess.run(
            2,
            group -> {
              Outcome outcome = train(group, some -> Sharding.of(some, 3), "all");
              return outcome.parameters.flat().toFloatArray();
            });
    float[] start;
    try (Backend cpu = new CpuBackend(1)) {
      start = TinyModel.parameters(cpu, false).flat().toFloatArray();
    }
    given.forEach(values -> assertArrayEquals(start, values));
  }

  @Test
  void programsThatCannotBeInterruptedGatherNoParameters() {
    GroupFailure failure =
        assertThrows(
            GroupFailure.class,
            () ->
                InProcess.run(
                    2,
                    group ->
                        train(
                            new SlowBackend(new CpuBackend(1)),
                            group,
                            some -> Sharding.of(some, 3),
                            "all",
                            false)));
    assertTrue(failure.getMessage().contains("use stage 1 or 2"), failure.getMessage());
  }

  @Test
  void bucketsMayAllLeaveAfterAMicroBatch() {
    Outcome expected = train(1, Sharding::reproducible, "all").getFirst();
    List<Outcome> uninterrupted =
        InProcess.run(
            2,
            group -> {
              Backend backend = new SlowBackend(new CpuBackend(1));
              return train(backend, group, Sharding::reproducible, "all", false);
            });
    for (Outcome outcome : uninterrupted) {
      assertArrayEquals(expected.weights, outcome.weights);
      assertEquals(expected.norms, outcome.norms);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void morePartsThanItemsLeaveSomeEmpty(int stage) {
    InProcess.run(
        4,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            Parameters parameters = TinyModel.parameters(cpu, false);
            Trainer<Pair> trainer = trainer(cpu, parameters, Sharding.of(group, stage), "all");
            StepResult one = trainer.accumulate(pairs(1));
            assertEquals(1, one.items().firstEntry().getValue().length);
            assertTrue(trainer.update(1e-3) > 0);
            return null;
          }
        });
  }

  @Test
  void eachProcessHasTheMomentsOfItsShareAlone() {
    List<List<ShardedLayout.Range>> owned =
        InProcess.run(
            3,
            group -> {
              try (Backend cpu = new CpuBackend(1)) {
                Parameters parameters = TinyModel.parameters(cpu, false);
                Optimizer optimizer =
                    trainer(cpu, parameters, Sharding.of(group, 1), "all").optimizer();
                long share = optimizer.layout().numOwned();
                assertEquals(share, optimizer.firstMoment().numElements());
                assertEquals(share, optimizer.secondMoment().numElements());
                long all = parameters.layout().numElements();
                assertEquals(all / 3.0, (double) share, 0.05 * all);
                return optimizer.layout().owned();
              }
            });
    List<ShardedLayout.Range> sorted =
        owned.stream()
            .flatMap(List::stream)
            .sorted((a, b) -> Long.compare(a.begin(), b.begin()))
            .toList();
    IntStream.range(1, sorted.size())
        .forEach(i -> assertEquals(sorted.get(i - 1).end(), sorted.get(i).begin()));
    assertEquals(0, sorted.getFirst().begin());
  }

  @Test
  void whatIsDividedTakesItsShareAndTwoBuckets() {
    InProcess.run(
        2,
        group -> {
          LlamaConfig deep =
              new LlamaConfig(61, 24, 40, 12, 4, 2, 6, 96, 10_000, 1e-5, false, 1, List.of(2));
          OutlineBackend outline = new OutlineBackend();
          Parameters parameters = Parameters.allocate(outline, deep);
          double[] bytes = new double[4];
          for (int stage = 1; stage <= 3; stage++) {
            long before = outline.allocatedBytes();
            Trainer<Pair> trainer = trainer(outline, parameters, Sharding.of(group, stage), "all");
            bytes[stage] = (double) (outline.allocatedBytes() - before);
            bytes[0] = (double) Float.BYTES * trainer.optimizer().layout().trained().numElements();
          }
          assertEquals(
              2 * bytes[0], bytes[1], 0.02 * bytes[0]); // a gradient, halves of the moments
          assertEquals(1.5 * bytes[0] + 2 * bytes[0] / 13, bytes[2], 0.02 * bytes[0]);
          assertEquals(bytes[2] + 0.5 * bytes[0] + 2 * bytes[0] / 13, bytes[3], 0.02 * bytes[0]);
          return null;
        });
  }

  @Test
  void aStepWhoseNormIsNotFiniteChangesNothingInAnyProcess() {
    InProcess.run(
        2,
        group -> {
          try (Backend cpu = new CpuBackend(1)) {
            Parameters parameters = TinyModel.parameters(cpu, false);
            Trainer<Pair> trainer = trainer(cpu, parameters, Sharding.of(group, 1), "all");
            float[] before = parameters.flat().toFloatArray();
            trainer.accumulate(pairs(4));
            if (group.isFirst()) {
              trainer.gradients().firstEntry().getValue().set(0, Double.NaN);
            }
            assertTrue(Double.isNaN(trainer.update(1e-2)));
            assertArrayEquals(before, parameters.flat().toFloatArray());
            assertEquals(0, trainer.optimizer().stepsTaken());
            trainer.accumulate(pairs(4));
            assertTrue(Double.isFinite(trainer.update(1e-2)));
            return null;
          }
        });
  }

  @Test
  void itemsAreDealtByWhatTheyCost() {
    Sharding sharding = InProcess.run(3, group -> Sharding.of(group, 1)).getFirst();
    List<Integer> costs = List.of(1, 9, 2, 8, 3, 7);
    assertEquals(
        List.of(List.of(0, 1), List.of(2, 3), List.of(4, 5)),
        sharding.deal(costs, Integer::longValue));
  }

  @Test
  void moreProcessesThanPartsAreRefused() {
    assertThrows(GroupFailure.class, () -> InProcess.run(9, Sharding::reproducible));
  }
}
