package dev.irpo.transformer.train;

import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A model whose second layer attends to a window samples, scores and trains alike.
class WindowedModelTest {
  private static final int SAMPLES = 3;

  /// The tiny model as a Qwen 3, with a window in its second layer.
  ///
  /// @param size 96 for none
  private static LlamaConfig config(int size) {
    Map<String, Object> json = new HashMap<>(TinyModel.config(false).toHuggingFace());
    json.put("model_type", "qwen3");
    json.put("use_sliding_window", true);
    json.put("sliding_window", size);
    json.put("max_window_layers", 1);
    return LlamaConfig.of(json);
  }

  private static Parameters parameters(Backend backend, int size) {
    return TinyModel.parameters(backend, config(size));
  }

  private static List<GenerationRequest> requests() {
    return IntStream.range(0, 6)
        .mapToObj(i -> new GenerationRequest(i, TinyModel.tokens(i, 1 + 13 * i), 0, SAMPLES))
        .toList();
  }

  private static List<Sample> samples(Backend backend, Parameters parameters, DecodeLimits limits) {
    List<Sample> all = new ArrayList<>();
    SamplingSettings settings = new SamplingSettings(1.0, 0, 1, 40, List.of(2));
    new Generator(backend, parameters, limits)
        .generate(
            requests().iterator(),
            Sampling.of(settings, 5, 1),
            (request, samples) -> all.addAll(samples));
    return all;
  }

  private static List<float[]> scores(
      Backend backend, Parameters parameters, List<Sample> samples) {
    List<Sequence> sequences =
        IntStream.range(0, samples.size())
            .mapToObj(i -> new Sequence(requests().get(i / SAMPLES).prompt(), samples.get(i).ids()))
            .toList();
    return new Scorer(backend, parameters, 400)
        .score(sequences).stream().map(score -> score.tokenLogProbs()).toList();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5, 33, 70})
  void theSamplersLogProbsAreTheScorersToTheBitWhateverTheBatching(int size) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = parameters(cpu, size);
      List<Sample> samples = samples(cpu, parameters, DecodeLimits.of(8, 3, 70, 40));
      List<float[]> scores = scores(cpu, parameters, samples);
      List<Sample> other = samples(cpu, parameters, new DecodeLimits(5, 2, 70, 40, 7));
      List<float[]> whole = scores(cpu, parameters(cpu, 96), samples);
      boolean differs = false;
      for (int i = 0; i < samples.size(); i++) {
        assertArrayEquals(scores.get(i), samples.get(i).tokenLogProbs());
        assertArrayEquals(samples.get(i).ids(), other.get(i).ids());
        assertArrayEquals(scores.get(i), other.get(i).tokenLogProbs());
        differs |= !Arrays.equals(scores.get(i), whole.get(i));
      }
      assertTrue(differs, "the window shows");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 20})
  void theForwardPassOfTrainingGivesTheScorersBits(int size) {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = parameters(cpu, size);
      Scorer scorer = new Scorer(cpu, parameters, 512);
      for (Llama.Activations activations : Llama.Activations.values()) {
        Trainer<Pair> trainer =
            new Trainer<>(cpu, parameters, new PreferenceLoss(), settings(128, activations));
        StepResult result = trainer.accumulate(pairs(5));
        for (int i = 0; i < 5; i++) {
          Pair pair = pairs(5).get(i);
          Sequence chosen = new Sequence(pair.prompt(), pair.chosen());
          float expected = scorer.score(List.of(chosen)).getFirst().logProb();
          assertEquals(expected, result.of(Pair.CHOSEN)[i]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 20})
  void theCpuScoresAsTheReferenceDoes(int size) {
    Backend reference = ReferenceBackend.inSinglePrecision();
    Sequence sequence = new Sequence(TinyModel.tokens(1, 30), TinyModel.tokens(2, 50));
    try (Backend cpu = new CpuBackend(2)) {
      float[] found = score(cpu, size, sequence);
      assertArrayEquals(score(reference, size, sequence), found, 1e-4f);
      assertFalse(Arrays.equals(score(cpu, size + 1, sequence), found), "the window counts");
    }
  }

  private static float[] score(Backend backend, int size, Sequence sequence) {
    return new Scorer(backend, parameters(backend, size), 400)
        .score(List.of(sequence))
        .getFirst()
        .tokenLogProbs();
  }
}
