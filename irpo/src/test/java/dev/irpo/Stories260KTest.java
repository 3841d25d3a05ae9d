package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A real checkpoint writes the text that llama2.c writes, and sampler, scorer and trainer agree on
/// it, and on the demo's model, to the bit.
class Stories260KTest {
  private static final int SAMPLES = 3;
  private static final int NEW_TOKENS = 12;

  @TempDir private Path folder;

  private static List<Sample> generate(
      Backend backend,
      LanguageModel model,
      List<GenerationRequest> requests,
      SamplingSettings settings,
      int slots) {
    int longest = requests.stream().mapToInt(r -> r.prompt().length).max().orElse(1);
    int samples = requests.getFirst().count();
    DecodeLimits limits = DecodeLimits.of(slots, samples, longest, settings.maxNewTokens());
    List<Sample> result = new ArrayList<>();
    new Generator(backend, model.parameters(), limits)
        .generate(
            requests.iterator(),
            Sampling.of(settings, 11, 0),
            (request, finished) -> result.addAll(finished));
    return result;
  }

  private static void checkStory(Backend backend, Path path) throws IOException {
    LanguageModel model = TestData.open(backend, path);
    GenerationRequest request = new GenerationRequest(0, new int[] {1}, 0, 1);
    SamplingSettings settings = SamplingSettings.greedy(200, List.of());
    Sample story = generate(backend, model, List.of(request), settings, 1).getFirst();
    assertEquals(200, story.ids().length);
    String expected = Files.readString(ForeignData.path("stories260K/expected_stdout.txt"));
    assertEquals(
        expected.stripTrailing(), model.text().tokenizer().decode(story.ids()).stripTrailing());
  }

  @Test
  void twoHundredGreedyTokensAreTheTextOfLlama2c() throws IOException {
    Path converted = folder.resolve("converted");
    Path exported = folder.resolve("exported");
    try (StoredModel source = ModelFormats.open(TestData.stories())) {
      ArrowModelWriter.keepingTypes().write(converted, source);
    }
    try (StoredModel source = ModelFormats.open(converted)) {
      new HuggingFaceWriter().write(exported, source);
    }
    try (Backend backend = new CpuBackend(2)) {
      checkStory(backend, TestData.stories());
      checkStory(backend, converted);
      checkStory(backend, exported);
    }
  }

  @Test
  @Tag("device")
  void theTextOfLlama2cIsExactOnADevice() throws IOException {
    try (Backend backend = TestData.device()) {
      checkStory(backend, TestData.stories());
    }
  }

  /// The CPU multiplies 16 bits where they lie; a device has them widened, or rounds them again to
  /// the same.
  @ParameterizedTest
  @CsvSource({"BF16, float32", "BF16, bfloat16", "F16, float32"})
  @Tag("device")
  void aCheckpointOf16BitsGivesTheSameTokensOnADeviceAsOnTheCpu(DType dtype, String samplingWeights)
      throws IOException {
    Path narrow = folder.resolve("narrow");
    try (StoredModel source = ModelFormats.open(TestData.stories())) {
      ArrowModelWriter.convertingTo(dtype).write(narrow, source);
    }
    List<Sample> expected;
    try (Backend cpu = new CpuBackend(2)) {
      expected = greedyFromWhereItLies(cpu, narrow, dtype);
    }
    try (Backend device = TestData.deviceSamplingWith(samplingWeights)) {
      List<Sample> found = greedyFromWhereItLies(device, narrow, DType.F32);
      for (int i = 0; i < expected.size(); i++) {
        assertArrayEquals(expected.get(i).ids(), found.get(i).ids());
        assertEquals(expected.get(i).logProb(), found.get(i).logProb(), 1e-3);
      }
    }
  }

  /// @param matrices type that the backend keeps matrices in
  private static List<Sample> greedyFromWhereItLies(Backend backend, Path path, DType matrices)
      throws IOException {
    LanguageModel model = LanguageModel.map(backend, path, Optional.empty());
    assertEquals(matrices, model.parameters().buffers().get(LlamaConfig.EMBEDDING).dtype());
    List<GenerationRequest> requests =
        requests(model).stream()
            .map(request -> new GenerationRequest(request.problem(), request.prompt(), 0, 1))
            .toList();
    List<Sample> samples =
        generate(backend, model, requests, SamplingSettings.greedy(60, List.of()), 4);
    assertEquals(requests.size(), samples.size());
    return samples;
  }

  @Test
  @Tag("device")
  void samplerScorerAndTrainerAgreeToTheBitOnADevice() throws IOException {
    try (Backend backend = TestData.device()) {
      LanguageModel model = TestData.open(backend, TestData.stories());
      List<Sample> samples = generate(backend, model, requests(model), settings(model), 4);
      checkFirstStep(backend, model, samples, "v1");
    }
  }

  private static List<GenerationRequest> requests(LanguageModel model) {
    List<GenerationRequest> requests = new ArrayList<>();
    List<String> prompts = List.of("", "Once upon", "Lily and Tom have 12 red", "She said: \"I");
    for (int i = 0; i < prompts.size(); i++) {
      requests.add(new GenerationRequest(i, model.text().promptIds(prompts.get(i)), 0, SAMPLES));
    }
    return requests;
  }

  private static void assertSame(List<Sample> expected, List<Sample> found) {
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i).ids(), found.get(i).ids());
      assertSameBits(expected.get(i).tokenLogProbs(), found.get(i).tokenLogProbs());
      assertEquals(expected.get(i).finish(), found.get(i).finish());
    }
  }

  /// Equality of the bits: 0 and −0 differ.
  private static void assertSameBits(float[] expected, float[] found) {
    assertEquals(expected.length, found.length);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(Float.floatToRawIntBits(expected[i]), Float.floatToRawIntBits(found[i]));
    }
  }

  private static List<Sample> sampleOneByOne(Backend backend, LanguageModel model) {
    List<GenerationRequest> single = new ArrayList<>();
    for (GenerationRequest request : requests(model)) {
      for (int j = 0; j < SAMPLES; j++) {
        single.add(new GenerationRequest(request.problem(), request.prompt(), j, 1));
      }
    }
    return generate(backend, model, single, settings(model), 1);
  }

  private static SamplingSettings settings(LanguageModel model) {
    return new SamplingSettings(1, 0, 1, NEW_TOKENS, model.stopIds());
  }

  private static void checkBits(Path path) throws IOException {
    List<Sample> expected = null;
    for (int threads = 1; threads <= 2; threads++) {
      try (Backend backend = new CpuBackend(threads)) {
        LanguageModel model = TestData.open(backend, path);
        List<Sample> oneByOne = sampleOneByOne(backend, model);
        expected = expected == null ? oneByOne : expected;
        assertSame(expected, oneByOne);
        for (int slots : List.of(1, 3, 16)) {
          assertSame(expected, generate(backend, model, requests(model), settings(model), slots));
        }
        checkScores(backend, model, expected);
        checkFirstStep(backend, model, expected, "v1");
        checkFirstStep(backend, model, expected, "v3");
      }
    }
  }

  private static void checkScores(Backend backend, LanguageModel model, List<Sample> samples) {
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      int[] prompt = requests(model).get(i / SAMPLES).prompt();
      sequences.add(new Sequence(prompt, samples.get(i).ids()));
    }
    for (int tokenBudget : List.of(64, 1000)) {
      Scorer scorer = new Scorer(backend, model.parameters(), tokenBudget);
      List<SequenceScore> together = scorer.score(sequences);
      for (int i = 0; i < samples.size(); i++) {
        assertSameBits(samples.get(i).tokenLogProbs(), together.get(i).tokenLogProbs());
        SequenceScore alone = scorer.score(List.of(sequences.get(i))).getFirst();
        assertSameBits(samples.get(i).tokenLogProbs(), alone.tokenLogProbs());
      }
    }
  }

  /// The first of a prompt's samples is preferred to each of the others.
  private static List<PreferencePair> pairs(LanguageModel model, List<Sample> samples) {
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      Sample chosen = samples.get(i - i % SAMPLES);
      Sample rejected = samples.get(i);
      if (i % SAMPLES > 0) {
        pairs.add(
            new PreferencePair(
                "problem " + i / SAMPLES,
                chosen.number(),
                rejected.number(),
                requests(model).get(i / SAMPLES).prompt(),
                chosen.ids(),
                rejected.ids(),
                chosen.logProb(),
                rejected.logProb()));
      }
    }
    return pairs;
  }

  private static PreferenceTraining training(
      Backend backend, LanguageModel model, List<PreferencePair> pairs, String version) {
    RunConfig config =
        RunConfig.of(Preset.PAPER_V1)
            .with(
                "loss.paperVersion=" + version,
                "train.batchSize=" + pairs.size(),
                "train.tokenBudget=200",
                "train.steps=1");
    return new PreferenceTraining(config, backend, model, pairs, 1);
  }

  private static void checkFirstStep(
      Backend backend, LanguageModel model, List<Sample> samples, String version)
      throws IOException {
    Parameters copy = Parameters.allocate(backend, model.config());
    copy.copyFrom(model.parameters());
    LanguageModel policy =
        new LanguageModel(
            model.config(),
            model.huggingFaceConfig(),
            copy,
            model.optionalText(),
            model.tokenizerFiles());
    PreferenceTraining training = training(backend, policy, pairs(model, samples), version);
    training.requirePolicyIsReference();
    List<Double> dpo = new ArrayList<>();
    training.runTo(1, metrics -> dpo.add(metrics.get("dpo")));
    assertEquals((float) Math.log(2), dpo.getFirst().floatValue());
  }

  @Test
  void samplerScorerAndTrainerAgreeToTheBitOnARealCheckpoint() throws IOException {
    checkBits(TestData.stories());
  }

  @Test
  void samplerScorerAndTrainerAgreeToTheBitOnTheModelOfTheDemo() throws IOException {
    Path model = folder.resolve("model");
    EmbeddedModel.copyTo(model);
    checkBits(model);
  }

  @Test
  void aReferenceThatIsOffByOneBitIsRefusedWithBothNumbers() throws IOException {
    Path path = folder.resolve("model");
    EmbeddedModel.copyTo(path);
    try (Backend backend = new CpuBackend(2)) {
      LanguageModel model = TestData.open(backend, path);
      List<PreferencePair> pairs =
          new ArrayList<>(pairs(model, sampleOneByOne(backend, model)).subList(0, 3));
      PreferencePair pair = pairs.get(1);
      float stored = Math.nextUp(pair.rejectedReferenceLogProb());
      pairs.set(
          1,
          new PreferencePair(
              pair.problemId(),
              pair.chosenSample(),
              pair.rejectedSample(),
              pair.promptIds(),
              pair.chosenIds(),
              pair.rejectedIds(),
              pair.chosenReferenceLogProb(),
              stored));
      PreferenceTraining training = training(backend, model, pairs, "v1");
      String message =
          assertThrows(IllegalArgumentException.class, training::requirePolicyIsReference)
              .getMessage();
      assertTrue(message.contains("the rejected response"), message);
      assertTrue(message.contains(Float.toString(stored)), message);
      assertTrue(message.contains(Float.toString(pair.rejectedReferenceLogProb())), message);
    }
  }
}
