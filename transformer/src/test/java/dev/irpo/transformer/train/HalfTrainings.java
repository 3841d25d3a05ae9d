package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.ADAM_W;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.cpu.CpuBackend;
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

/// Trainings with weights and activations in bfloat16 on any backend, and what is true of them all.
final class HalfTrainings {
  static final double RATE = 1e-2;

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
      return config(2);
    }

    LlamaConfig config(int numLayers) {
      Optional<Adapter> adapter =
          isAdapted ? Optional.of(new Adapter(4, 6, false, Adapter.TARGETS)) : Optional.empty();
      return new LlamaConfig(
          new LayerSpec(family, List.of()).withAdapter(adapter),
          61,
          24,
          40,
          numLayers,
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

  private HalfTrainings() {}

  static List<StoredTensor> stored(LlamaConfig config) {
    try (Backend cpu = new CpuBackend(1)) {
      return TinyModel.stored(TinyModel.parameters(cpu, config), DType.BF16);
    }
  }

  static Set<String> names(LlamaConfig config, String trained) {
    return ParameterSelection.parse(trained).of(config).keySet();
  }

  static Parameters half(Backend backend, LlamaConfig config, String trained) {
    return half(backend, config, names(config, trained), TensorParallel.alone());
  }

  static Parameters half(
      Backend backend, LlamaConfig config, Set<String> changing, TensorParallel parallel) {
    return Parameters.map(
        backend, config, "tiny", stored(config), Arena.ofAuto(), parallel, changing, DType.BF16);
  }

  static Trainer<Pair> trainer(
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

  static Trainer<Pair> trainer(Backend backend, Parameters parameters, String trained) {
    return trainer(backend, parameters, Activations.KEPT, trained, Sharding.alone());
  }

  static List<Double> steps(Trainer<Pair> trainer, int steps) {
    List<Double> numbers = new ArrayList<>();
    for (int step = 0; step < steps; step++) {
      numbers.add(trainer.accumulate(pairs(6)).loss());
      numbers.add(trainer.update(RATE));
    }
    return numbers;
  }

  /// The trained weights as a checkpoint has them.
  static Map<String, float[]> shown(Trainer<Pair> trainer) {
    Map<String, float[]> shown = new LinkedHashMap<>();
    trainer.show(tensors ->
        tensors.forEach(tensor -> {
          Buffer values = Buffer.allocate(DType.F32, tensor.shape().numElements());
          tensor.content().read(0, values.segment());
          shown.put(tensor.name(), values.toFloatArray());
        }));
    return shown;
  }

  static void requireRoundedMasters(Trainer<Pair> trainer) {
    Parameters parameters = trainer.parameters();
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

  /// After updates that leave masters as they are. The square of the first is beyond single
  /// precision too.
  static void requireInRange(Backend backend) {
    Parameters parameters = half(backend, Kind.TIED.config(), "all");
    Trainer<Pair> trainer = trainer(backend, parameters, "all");
    steps(trainer, 1);
    Buffer masters = trainer.optimizer().masters().orElseThrow();
    masters.set(7, 1e30f);
    masters.markChanged();
    assertEquals(0, trainer.update(0));
    assertEquals(HalfPrecision.rounded(DType.BF16, 1e30f), parameters.flat().get(7));
    masters.set(7, 0x1.FFp127f);
    masters.markChanged();
    String refusal =
        assertThrows(IllegalArgumentException.class, () -> trainer.update(0)).getMessage();
    assertTrue(
        refusal.startsWith("tensor 'model.embed_tokens.weight' came to ")
            && refusal.contains(", bf16 ends at "),
        refusal);
  }

  static void requireAgreement(Backend backend, Kind kind) {
    Parameters parameters = half(backend, kind.config(), kind.trained());
    Trainer<Pair> trainer = trainer(backend, parameters, kind.trained());
    requireRoundedMasters(trainer);
    List<float[]> sampled = new ArrayList<>();
    List<Sequence> sequences = new ArrayList<>();
    List<Pair> items = new ArrayList<>();
    sample(
        backend,
        parameters,
        (prompt, ids, logProbs) -> {
          sampled.add(logProbs);
          sequences.add(new Sequence(prompt, ids));
          items.add(new Pair(prompt, ids, ids, 0, 0));
        });
    List<SequenceScore> scores = new Scorer(backend, parameters, 200).score(sequences);
    float[] trained = trainer.evaluate(items).of(Pair.CHOSEN);
    int tokens = 0;
    for (int i = 0; i < sequences.size(); i++) {
      assertArrayEquals(sampled.get(i), scores.get(i).tokenLogProbs(), "response " + i);
      assertEquals(scores.get(i).logProb(), trained[i], "response " + i);
      tokens += sampled.get(i).length;
    }
    assertTrue(tokens > 40, tokens + " tokens");
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

  static void requireHalf(Backend backend, Kind kind, LlamaConfig config) {
    Parameters half = half(backend, config, kind.trained());
    Parameters single =
        Parameters.map(
            backend,
            config,
            "tiny",
            stored(config),
            Arena.ofAuto(),
            TensorParallel.alone(),
            names(config, kind.trained()),
            DType.F32);
    assertEquals(single.flat().segment().byteSize(), 2 * half.flat().segment().byteSize());
    long before =
        new Trainer<>(
                backend,
                single,
                new PreferenceLoss(),
                PairTraining.settings(128, Activations.KEPT, kind.trained()))
            .activationBytes();
    long after = trainer(backend, half, kind.trained()).activationBytes();
    assertTrue(after < 0.7 * before, after + " bytes against " + before);
  }
}
