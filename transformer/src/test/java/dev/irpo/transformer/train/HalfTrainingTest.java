package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.ADAM_W;
import static dev.irpo.transformer.train.PairTraining.pairs;
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
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.Family;
import dev.irpo.transformer.LayerSpec;
import dev.irpo.transformer.Llama.Activations;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.RopeScaling;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// Trainings with weights and activations in bfloat16.
class HalfTrainingTest {
  private static final double RATE = 1e-2;

  /// Models with all parts that layers have.
  enum Kind {
    TIED(Family.LLAMA, true, false),
    BIASED(Family.QWEN2, false, false),
    NORMED(Family.QWEN3, true, false),
    ADAPTED(Family.LLAMA, false, true);

    private final Family family;
    private final boolean tiedHead;
    private final boolean isAdapted;

    Kind(Family family, boolean tiedHead, boolean isAdapted) {
      this.family = family;
      this.tiedHead = tiedHead;
      this.isAdapted = isAdapted;
    }

    LlamaConfig config() {
      Optional<Adapter> adapter =
          isAdapted ? Optional.of(new Adapter(4, 6, false, Adapter.TARGETS)) : Optional.empty();
      return new LlamaConfig(
          new LayerSpec(family, List.of()).withAdapter(adapter),
          61,
          24,
          40,
          2,
          4,
          2,
          6,
          96,
          10_000,
          new RopeScaling.None(),
          1e-5,
          tiedHead,
          1,
          List.of(2));
    }

    String trained() {
      return isAdapted ? "adapter" : "all";
    }
  }

  private static List<StoredTensor> stored(LlamaConfig config) {
    try (Backend cpu = new CpuBackend(1)) {
      return TinyModel.stored(TinyModel.parameters(cpu, config), DType.BF16);
    }
  }

  private static Set<String> names(LlamaConfig config, String trained) {
    return ParameterSelection.parse(trained).of(config).keySet();
  }

  private static Parameters half(Backend backend, LlamaConfig config, String trained) {
    return half(backend, config, names(config, trained), TensorParallel.alone());
  }

  private static Parameters half(
      Backend backend, LlamaConfig config, Set<String> changing, TensorParallel parallel) {
    return Parameters.map(
        backend, config, "tiny", stored(config), Arena.ofAuto(), parallel, changing, DType.BF16);
  }

  private static Trainer<Pair> trainer(
      Backend backend,
      Parameters parameters,
      Activations activations,
      String trained,
      Sharding sharding) {
    TrainerSettings settings =
        new TrainerSettings(
            128, activations, ADAM_W, ParameterSelection.parse(trained), sharding, DType.BF16);
    return new Trainer<>(backend, parameters, new PreferenceLoss(), settings);
  }

  private static Trainer<Pair> trainer(Backend backend, Parameters parameters, String trained) {
    return trainer(backend, parameters, Activations.KEPT, trained, Sharding.alone());
  }

  private static List<Double> steps(Trainer<Pair> trainer, int steps) {
    List<Double> numbers = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      numbers.add(trainer.accumulate(pairs(6)).loss());
      numbers.add(trainer.update(RATE));
    }
    return numbers;
  }

  /// The trained weights as a checkpoint has them.
  private static Map<String, float[]> shown(Trainer<Pair> trainer) {
    Map<String, float[]> shown = new LinkedHashMap<>();
    trainer.show(tensors ->
        tensors.forEach(tensor -> {
          Buffer values = Buffer.allocate(DType.F32, tensor.shape().numElements());
          tensor.content().read(0, values.segment());
          shown.put(tensor.name(), values.toFloatArray());
        }));
    return shown;
  }

  @ParameterizedTest
  @EnumSource
  void programsReadTheMastersInBfloat16AndNothingElseOfThem(Kind kind) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = half(cpu, kind.config(), kind.trained());
      Trainer<Pair> trainer = trainer(cpu, parameters, kind.trained());
      float[] before = parameters.flat().toFloatArray();
      steps(trainer, 3);
      assertEquals(DType.BF16, parameters.flat().dtype());
      float[] masters = trainer.optimizer().masters().orElseThrow().toFloatArray();
      float[] weights = parameters.flat().toFloatArray();
      int moved = 0;
      int inexact = 0;
      for (int i = 0; i < weights.length; i++) {
        assertEquals(HalfPrecision.rounded(DType.BF16, masters[i]), weights[i]);
        moved += weights[i] == before[i] ? 0 : 1;
        inexact += weights[i] == masters[i] ? 0 : 1;
      }
      assertTrue(moved > weights.length / 2, moved + " of " + weights.length);
      assertTrue(inexact > weights.length / 2, inexact + " of " + weights.length);
      shown(trainer)
          .forEach((name, values) ->
              assertArrayEquals(parameters.buffers().get(name).toFloatArray(), values, name));
    }
  }

  @ParameterizedTest
  @EnumSource
  void samplerScorerAndTrainerAgreeToTheBit(Kind kind) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = half(cpu, kind.config(), kind.trained());
      Trainer<Pair> trainer = trainer(cpu, parameters, kind.trained());
      steps(trainer, 2);
      List<float[]> sampled = new ArrayList<>();
      List<Sequence> sequences = new ArrayList<>();
      List<Pair> items = new ArrayList<>();
      sample(
          cpu,
          parameters,
          (prompt, ids, logProbs) -> {
            sampled.add(logProbs);
            sequences.add(new Sequence(prompt, ids));
            items.add(new Pair(prompt, ids, ids, 0, 0));
          });
      List<SequenceScore> scores = new Scorer(cpu, parameters, 200).score(sequences);
      float[] trained = trainer.evaluate(items).of(Pair.CHOSEN);
      int tokens = 0;
      for (int i = 0; i < sequences.size(); i++) {
        assertArrayEquals(sampled.get(i), scores.get(i).tokenLogProbs(), "response " + i);
        assertEquals(scores.get(i).logProb(), trained[i], "response " + i);
        tokens += sampled.get(i).length;
      }
      assertTrue(tokens > 40, tokens + " tokens");
    }
  }

  private interface Drawn {
    void add(int[] prompt, int[] ids, float[] logProbs);
  }

  private static void sample(Backend backend, Parameters parameters, Drawn drawn) {
    List<GenerationRequest> requests =
        IntStream.range(0, 4)
            .mapToObj(i -> new GenerationRequest(i, TinyModel.tokens(i, 1 + 9 * i), 0, 2))
            .toList();
    new Generator(backend, parameters, new DecodeLimits(4, 2, 40, 20, 8))
        .generate(
            requests.iterator(),
            Sampling.of(new SamplingSettings(1, 0, 1, 20, List.of(2)), 5, 1),
            (request, samples) ->
                samples.forEach(
                    sample -> drawn.add(request.prompt(), sample.ids(), sample.tokenLogProbs())));
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
      Parameters half = half(cpu, kind.config(), kind.trained());
      Parameters single =
          Parameters.map(
              cpu,
              kind.config(),
              "tiny",
              stored(kind.config()),
              Arena.ofAuto(),
              TensorParallel.alone(),
              names(kind.config(), kind.trained()),
              DType.F32);
      assertEquals(single.flat().segment().byteSize(), 2 * half.flat().segment().byteSize());
      long before =
          new Trainer<>(
                  cpu,
                  single,
                  new PreferenceLoss(),
                  PairTraining.settings(128, Activations.KEPT, kind.trained()))
              .activationBytes();
      long after = trainer(cpu, half, kind.trained()).activationBytes();
      assertTrue(after < 0.7 * before, after + " bytes against " + before);
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
