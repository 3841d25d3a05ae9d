package dev.irpo.transformer.decode;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.SlowBackend;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GeneratorTest {
  private static final SamplingSettings SETTINGS =
      new SamplingSettings(1.0, 0, 1, 40, List.of(2, 11));

  private static List<GenerationRequest> requests(int samples) {
    return IntStream.range(0, 6)
        .mapToObj(i -> new GenerationRequest(i, TinyModel.tokens(i, 1 + 13 * i), 0, samples))
        .toList();
  }

  private static List<Sample> generate(
      Backend backend, DecodeLimits limits, List<GenerationRequest> requests, Sampling sampling) {
    return generate(backend, TinyModel.parameters(backend, false), limits, requests, sampling);
  }

  private static List<Sample> generate(
      Backend backend,
      Parameters parameters,
      DecodeLimits limits,
      List<GenerationRequest> requests,
      Sampling sampling) {
    List<Sample> all = new ArrayList<>();
    List<Long> order = new ArrayList<>();
    new Generator(backend, parameters, limits)
        .generate(
            requests.iterator(),
            sampling,
            (request, samples) -> {
              all.addAll(samples);
              order.add(request.problem());
            });
    assertEquals(requests.stream().map(GenerationRequest::problem).toList(), order);
    return all;
  }

  private static void assertSame(List<Sample> expected, List<Sample> actual) {
    assertEquals(expected.size(), actual.size());
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(expected.get(i).number(), actual.get(i).number());
      assertEquals(expected.get(i).finish(), actual.get(i).finish());
      assertArrayEquals(expected.get(i).ids(), actual.get(i).ids());
      assertArrayEquals(expected.get(i).tokenLogProbs(), actual.get(i).tokenLogProbs());
    }
  }

  private static void checkWhateverTheBatching(Backend backend) {
    Sampling sampling = Sampling.of(SETTINGS, 5, 1);
    List<GenerationRequest> together = requests(4);
    List<Sample> expected =
        generate(backend, new DecodeLimits(1, 1, 70, 40, 1), together, sampling);
    assertSame(expected, generate(backend, new DecodeLimits(8, 3, 70, 40, 64), together, sampling));
    assertSame(expected, generate(backend, new DecodeLimits(32, 6, 70, 45, 7), together, sampling));
    List<GenerationRequest> single = new ArrayList<>();
    for (GenerationRequest request : together) {
      for (int s = 0; s < 4; s++) {
        single.add(new GenerationRequest(request.problem(), request.prompt(), s, 1));
      }
    }
    assertSame(expected, generate(backend, DecodeLimits.of(5, 1, 70, 40), single, sampling));
    assertTrue(expected.stream().anyMatch(s -> s.finish() == Sample.Finish.STOP));
    assertTrue(expected.stream().anyMatch(s -> s.ids().length > 33));
  }

  @Test
  void samplesAreTheSameWhateverTheSlotsAndTheBatching() {
    checkWhateverTheBatching(ReferenceBackend.inSinglePrecision());
    try (Backend cpu = new CpuBackend(2)) {
      checkWhateverTheBatching(cpu);
    }
  }

  @Test
  void recordedLogProbsAreThoseOfTheFullForwardPass() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    assertEquals(0, largestDifferenceFromScores(backend, SETTINGS), 1e-5);
  }

  @Test
  void recordedLogProbsAreThoseOfTheScorerToTheBitOnTheCpu() {
    SamplingSettings truncated = new SamplingSettings(1.7, 30, 0.9, 40, List.of(2));
    for (int threads = 1; threads <= 2; threads++) {
      try (Backend cpu = new CpuBackend(threads)) {
        assertEquals(0, largestDifferenceFromScores(cpu, SETTINGS));
        assertEquals(0, largestDifferenceFromScores(cpu, truncated));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void weightsOf16BitsSampleAndScoreToTheSameBitsFromWhereTheyLie(DType dtype) {
    for (int threads = 1; threads <= 2; threads++) {
      try (Backend cpu = new CpuBackend(threads)) {
        Parameters mapped = TinyModel.mapped(cpu, dtype);
        assertThrows(IllegalStateException.class, mapped::flat);
        assertEquals(0, largestDifferenceFromScores(cpu, mapped, SETTINGS));
        Backend reference = ReferenceBackend.inSinglePrecision();
        Sequence sequence = new Sequence(TinyModel.tokens(1, 9), TinyModel.tokens(2, 30));
        float expected =
            new Scorer(reference, TinyModel.mapped(reference, dtype), 400)
                .score(List.of(sequence))
                .getFirst()
                .logProb();
        float actual = new Scorer(cpu, mapped, 400).score(List.of(sequence)).getFirst().logProb();
        assertEquals(expected, actual, 1e-4f * Math.abs(expected));
      }
    }
  }

  private static double largestDifferenceFromScores(Backend backend, SamplingSettings settings) {
    return largestDifferenceFromScores(backend, TinyModel.parameters(backend, false), settings);
  }

  private static double largestDifferenceFromScores(
      Backend backend, Parameters parameters, SamplingSettings settings) {
    List<GenerationRequest> requests = requests(3);
    Sampling sampling = Sampling.of(settings, 9, 0);
    List<Sample> samples =
        generate(backend, parameters, DecodeLimits.of(8, 3, 70, 40), requests, sampling);
    List<Sequence> sequences =
        IntStream.range(0, samples.size())
            .mapToObj(i -> new Sequence(requests.get(i / 3).prompt(), samples.get(i).ids()))
            .toList();
    Scorer scorer = new Scorer(backend, parameters, 400);
    double largest = 0;
    for (int i = 0; i < samples.size(); i++) {
      float[] scores = scorer.score(sequences).get(i).tokenLogProbs();
      for (int k = 0; k < scores.length; k++) {
        double difference = Math.abs(scores[k] - samples.get(i).tokenLogProbs()[k]);
        largest = Math.max(largest, difference);
      }
    }
    return largest;
  }

  @Test
  void tokensComeAsOftenAsTheModelsProbabilitiesAtTheTemperatureSay() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    Parameters parameters = TinyModel.parameters(backend, false);
    int[] prompt = TinyModel.tokens(1, 5);
    int draws = 4000;
    double temperature = 1.7;
    SamplingSettings settings = new SamplingSettings(temperature, 0, 1, 1, List.of());
    List<Sample> samples =
        generate(
            backend,
            parameters,
            DecodeLimits.of(8, draws, 5, 1),
            List.of(new GenerationRequest(0, prompt, 0, draws)),
            Sampling.of(settings, 5, 1));
    List<Sequence> each =
        IntStream.range(0, 61).mapToObj(v -> new Sequence(prompt, new int[] {v})).toList();
    double[] weights =
        new Scorer(backend, parameters, 400)
            .score(each).stream()
                .mapToDouble(score -> Math.exp(score.logProb() / temperature))
                .toArray();
    double total = DoubleStream.of(weights).sum();
    int[] counts = new int[61];
    samples.forEach(sample -> counts[sample.ids()[0]]++);
    for (int v = 0; v < 61; v++) {
      double probability = weights[v] / total;
      double deviation = Math.sqrt(draws * probability * (1 - probability));
      assertEquals(draws * probability, counts[v], 1 + 4.5 * deviation, "token " + v);
    }
  }

  @Test
  void responsesEndAtTheContextTheLimitAStopTokenOrTheCondition() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    SamplingSettings endless = new SamplingSettings(1, 0, 1, 40, List.of());
    DecodeLimits limits = new DecodeLimits(2, 2, 90, 40, 64);
    List<GenerationRequest> nearEnd =
        List.of(
            new GenerationRequest(0, TinyModel.tokens(1, 90), 0, 1),
            new GenerationRequest(1, TinyModel.tokens(1, 9), 0, 1));
    List<Sample> samples = generate(backend, limits, nearEnd, Sampling.of(endless, 0, 0));
    assertEquals(6, samples.get(0).ids().length);
    assertEquals(40, samples.get(1).ids().length);
    assertEquals(Sample.Finish.LENGTH, samples.get(1).finish());
    Sampling untilFive = new Sampling(endless, 0, 0, _ -> (ids, length) -> length == 5);
    assertEquals(5, generate(backend, limits, nearEnd, untilFive).get(1).ids().length);
    int third = samples.get(1).ids()[2];
    SamplingSettings stopping = new SamplingSettings(1, 0, 1, 40, List.of(third));
    Sample stopped = generate(backend, limits, nearEnd, Sampling.of(stopping, 0, 0)).get(1);
    assertEquals(Sample.Finish.STOP, stopped.finish());
    assertEquals(third, stopped.ids()[stopped.ids().length - 1]);
  }

  @Test
  void aSamplesLogProbIsTheSumOverItsTokens() {
    float[] logProbs = {-0.5f, -0.25f, -4};
    assertEquals(-4.75f, new Sample(0, new int[3], logProbs, Sample.Finish.STOP).logProb());
  }

  @Test
  void aPromptThatFillsTheContextIsRefusedInOneLine() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    List<GenerationRequest> requests = List.of(new GenerationRequest(3, new int[96], 0, 1));
    DecodeLimits limits = new DecodeLimits(2, 2, 96, 40, 64);
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> generate(backend, limits, requests, Sampling.of(SETTINGS, 0, 0)))
            .getMessage();
    assertEquals(
        "the prompt of problem 3 has 96 tokens, the context holds 96 with the response; shorten it",
        message);
  }

  private static String refusal(DecodeLimits limits, int promptTokens, SamplingSettings settings) {
    Backend backend = ReferenceBackend.inSinglePrecision();
    List<GenerationRequest> requests =
        List.of(new GenerationRequest(3, new int[promptTokens], 0, 1));
    return assertThrows(
            IllegalArgumentException.class,
            () -> generate(backend, limits, requests, Sampling.of(settings, 0, 0)))
        .getMessage();
  }

  @Test
  void whatTheCacheDoesNotHoldIsRefusedInOneLine() {
    SamplingSettings forty = SamplingSettings.greedy(40, List.of());
    assertEquals(
        "the prompt of problem 3 has 11 tokens, the cache holds 10; raise the limit on prompts",
        refusal(new DecodeLimits(2, 2, 10, 40, 64), 11, forty));
    assertEquals(
        "max-new-tokens is 40, the cache holds 39 for each response; raise the limit or lower it",
        refusal(new DecodeLimits(2, 2, 10, 39, 64), 10, forty));
  }

  @Test
  void aTokenThatTheVocabularyLacksIsRefusedInOneLine() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    List<GenerationRequest> requests = List.of(new GenerationRequest(3, new int[] {5, 61}, 0, 1));
    Sampling sampling = Sampling.of(SETTINGS, 0, 0);
    DecodeLimits limits = new DecodeLimits(2, 2, 70, 40, 64);
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> generate(backend, limits, requests, sampling))
            .getMessage();
    assertEquals("token 1 is 61, the vocabulary has 61; use the tokenizer of this model", message);
  }

  /// What a listener is told after each run.
  private record Progress(long samples, long tokens) {}

  @Test
  void progressCountsFinishedSamplesAndDrawnTokens() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    List<Progress> told = new ArrayList<>();
    List<Sample> samples = new ArrayList<>();
    new Generator(backend, TinyModel.parameters(backend, false), new DecodeLimits(3, 2, 70, 40, 64))
        .generate(
            requests(2).iterator(),
            Sampling.of(SETTINGS, 5, 1),
            new Sampling.Listener() {
              @Override
              public void finished(GenerationRequest request, List<Sample> of) {
                samples.addAll(of);
              }

              @Override
              public void progress(long finished, long tokens) {
                told.add(new Progress(finished, tokens));
              }
            });
    long tokens = samples.stream().mapToLong(sample -> sample.ids().length).sum();
    assertEquals(new Progress(12, tokens), told.getLast());
    for (int i = 1; i < told.size(); i++) {
      assertTrue(told.get(i).samples >= told.get(i - 1).samples, told::toString);
      assertTrue(told.get(i).tokens > told.get(i - 1).tokens || i == 1, told::toString);
    }
  }

  @Test
  void fewSizesOfProgramsGiveTheSameSamples() {
    Backend backend = ReferenceBackend.inSinglePrecision();
    Sampling sampling = Sampling.of(SETTINGS, 5, 1);
    DecodeLimits limits = new DecodeLimits(8, 3, 70, 40, 64);
    assertSame(
        generate(backend, limits, requests(2), sampling),
        generate(new SlowBackend(backend), limits, requests(2), sampling));
  }

  @Test
  void allProgramsAreCompiledBeforeTheFirstRunWhereCompilingIsSlow() {
    OutlineBackend outline = new OutlineBackend();
    Parameters parameters = Parameters.allocate(outline, TinyModel.config(false));
    DecodeLimits limits = new DecodeLimits(8, 3, 70, 40, 64);
    Generator generator = new Generator(new SlowBackend(outline), parameters, limits);
    long bytes = generator.activationBytes();
    assertEquals(3, outline.compilations().size());
    assertEquals(generator.mostRows().plannedBytes(), bytes);
    assertTrue(generator.tokenInEachSlot().plannedBytes() < bytes);
    assertEquals(3, outline.compilations().size());
    assertEquals(64, generator.prefillRows());
  }

  @Test
  void memoryIsThatOfTheLargestProgramAndCachesAreAsLargeAsTheLimitsSay() {
    OutlineBackend outline = new OutlineBackend();
    Parameters parameters = Parameters.allocate(outline, TinyModel.config(false));
    long before = outline.allocatedBytes();
    DecodeLimits limits = new DecodeLimits(8, 3, 70, 40, 64);
    Generator generator = new Generator(outline, parameters, limits);
    long cache = 2L * 2 * limits.totalBlocks() * 32 * 2 * 32; // layers, both, places, heads, width
    assertEquals(cache * Float.BYTES, outline.allocatedBytes() - before);
    assertTrue(generator.activationBytes() > generator.tokenInEachSlot().plannedBytes());
    assertTrue(generator.describe().contains("cachedAttention"), generator::describe);
  }
}
