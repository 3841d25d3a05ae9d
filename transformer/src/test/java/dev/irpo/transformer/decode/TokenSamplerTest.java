package dev.irpo.transformer.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.CounterRandom;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenSamplerTest {
  private static final double[] PROBABILITIES = {0.1, 0.4, 0.05, 0.25, 0.2};

  /// Scores of three rows, of which the middle one has these logits.
  private static TokenScores scores(SamplingSettings settings, double... logits) {
    int vocabSize = logits.length;
    int blocks = ScoreKernels.blocks(vocabSize);
    TokenScores scores =
        new TokenScores(
            Buffer.allocate(DType.F32, 3L * vocabSize),
            Buffer.allocate(DType.F32, 3),
            Buffer.allocate(DType.F32, 3L * blocks),
            Buffer.allocate(DType.F32, 3L * blocks));
    for (int i = 0; i < vocabSize; i++) {
      scores.logits().set(vocabSize + i, logits[i]);
    }
    Buffer factor = Buffer.allocate(DType.F32, 1);
    factor.set(0, TokenSampler.inverseTemperature(settings));
    ReferenceBackend.inDoublePrecision()
        .kernels()
        .score()
        .blockWeights(scores.largest(), scores.weights(), scores.logits(), factor, 3, vocabSize);
    return scores;
  }

  private static int draw(SamplingSettings settings, double uniform, double... logits) {
    return new TokenSampler(settings, logits.length).draw(scores(settings, logits), 1, uniform);
  }

  private static double[] frequencies(double temperature, int topK, double topP) {
    double[] logs = new double[PROBABILITIES.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log(PROBABILITIES[i]) + 3;
    }
    SamplingSettings settings = new SamplingSettings(temperature, topK, topP, 1, List.of());
    TokenSampler sampler = new TokenSampler(settings, logs.length);
    TokenScores scores = scores(settings, logs);
    double[] frequencies = new double[logs.length];
    int draws = 200_000;
    for (int i = 0; i < draws; i++) {
      frequencies[sampler.draw(scores, 1, CounterRandom.uniform(1, i))] += 1.0 / draws;
    }
    return frequencies;
  }

  private static void assertFrequencies(double[] weights, double[] actual) {
    double total = 0;
    for (double weight : weights) {
      total += weight;
    }
    for (int i = 0; i < weights.length; i++) {
      assertEquals(weights[i] / total, actual[i], weights[i] == 0 ? 0 : 0.005);
    }
  }

  @Test
  void tokensComeAsOftenAsTheirProbabilitySays() {
    assertFrequencies(PROBABILITIES, frequencies(1, 0, 1));
    assertFrequencies(new double[] {0.01, 0.16, 0.0025, 0.0625, 0.04}, frequencies(0.5, 0, 1));
  }

  private static int firstThatPasses(double[] logits, double temperature, double uniform) {
    double max = (float) Arrays.stream(logits).max().orElseThrow();
    double[] sums = new double[logits.length];
    double sum = 0;
    for (int v = 0; v < logits.length; v++) {
      sum += FastExp.exp(((float) logits[v] - max) / temperature);
      sums[v] = sum;
    }
    int token = 0;
    while (sums[token] <= uniform * sum) {
      token++;
    }
    return token;
  }

  @Test
  void theFirstTokenIsDrawnWhoseSumPassesTheRandomNumber() {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> 5 * CounterRandom.normal(3, v));
    Arrays.fill(values, 250, 530, -1e30);
    Arrays.fill(values, 800, 1000, -1e30);
    SamplingSettings settings = new SamplingSettings(0.8, 0, 1, 1, List.of());
    TokenScores scores = scores(settings, values);
    TokenSampler sampler = new TokenSampler(settings, values.length);
    for (int i = 0; i < 5000; i++) {
      double uniform = CounterRandom.uniform(4, i);
      assertEquals(firstThatPasses(values, 0.8, uniform), sampler.draw(scores, 1, uniform));
    }
    assertEquals(0, sampler.draw(scores, 1, 0));
    assertEquals(799, sampler.draw(scores, 1, Math.nextDown(1.0)));
  }

  /// The draw among the tokens that top-k and top-p keep, said again over the whole vocabulary.
  private static int drawnOfTop(SamplingSettings settings, double[] logits, double uniform) {
    double max = (float) Arrays.stream(logits).max().orElseThrow();
    double[] weights = new double[logits.length];
    Arrays.setAll(weights, v -> FastExp.exp(((float) logits[v] - max) / settings.temperature()));
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, v -> v);
    Arrays.sort(order, Comparator.comparingDouble(v -> 0f - (float) logits[v]));
    int kept = settings.topK() > 0 ? Math.min(settings.topK(), order.length) : order.length;
    double all = 0;
    for (int i = 0; i < kept; i++) {
      all += weights[order[i]];
    }
    double mass = 0;
    int count = 0;
    while (count < kept && (count == 0 || mass < settings.topP() * all)) {
      mass += weights[order[count++]];
    }
    double sum = 0;
    for (int i = 0; i < count - 1; i++) {
      sum += weights[order[i]];
      if (sum > uniform * mass) {
        return order[i];
      }
    }
    return order[count - 1];
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "5, 1", "16, 0.9", "17, 1", "400, 0.99", "2000, 1", "0, 0.5", "0, 0.999"})
  void cuttingOffByBlocksKeepsWhatSortingAllTokensKeeps(int topK, double topP) {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> Math.rint(20 * CounterRandom.normal(5, v)) / 8); // many are equal
    SamplingSettings settings = new SamplingSettings(0.8, topK, topP, 1, List.of());
    TokenScores scores = scores(settings, values);
    TokenSampler sampler = new TokenSampler(settings, values.length);
    for (int i = 0; i < 2000; i++) {
      double uniform = CounterRandom.uniform(6, i);
      assertEquals(drawnOfTop(settings, values, uniform), sampler.draw(scores, 1, uniform));
    }
  }

  @Test
  void topKKeepsAsManyWhereEveryLogitIsBelowZero() {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> -50 + Math.rint(20 * CounterRandom.normal(5, v)) / 8);
    SamplingSettings settings = new SamplingSettings(4, 7, 1, 1, List.of());
    TokenScores scores = scores(settings, values);
    TokenSampler sampler = new TokenSampler(settings, values.length);
    for (int i = 0; i < 500; i++) {
      double uniform = CounterRandom.uniform(6, i);
      assertEquals(drawnOfTop(settings, values, uniform), sampler.draw(scores, 1, uniform));
    }
  }

  @Test
  void topKKeepsTheMostProbable() {
    assertFrequencies(new double[] {0, 0.4, 0, 0.25, 0}, frequencies(1, 2, 1));
  }

  @Test
  void topPKeepsTheFewestThatReachIt() {
    assertFrequencies(new double[] {0, 0.4, 0, 0.25, 0.2}, frequencies(1, 0, 0.7));
    assertFrequencies(new double[] {0, 1, 0, 0, 0}, frequencies(1, 0, 0.3));
    assertFrequencies(new double[] {0, 0.4, 0, 0.25, 0}, frequencies(1, 3, 0.7));
  }

  @Test
  void topKReachesIntoEveryBlockWhereEachHasOneProbableToken() {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> v % 64 == 5 ? v / 640.0 : -30);
    SamplingSettings settings = new SamplingSettings(0.8, 16, 1, 1, List.of());
    assertEquals(5, draw(settings, Math.nextDown(1.0), values)); // the last of sixteen
  }

  @Test
  void greedyTakesTheLowestIdOfEquals() {
    SamplingSettings greedy = SamplingSettings.greedy(1, List.of());
    assertEquals(1, draw(greedy, 0.99, -1, 2.5, 2.5, 0));
    double[] values = new double[200];
    Arrays.fill(values, 70, 150, 3);
    assertEquals(70, draw(greedy, 0.99, values));
  }

  /// Rows beyond the tokens may have the largest logits; the draw is that of the tokens alone.
  @ParameterizedTest
  @ValueSource(ints = {1, 63, 64, 65, 128, 150, 199})
  void whatIsNotDrawableCountsAsIfItWereNotThere(int drawable) {
    double[] all = new double[200];
    Arrays.setAll(all, v -> v < drawable ? 3 * CounterRandom.normal(8, v) : 9);
    double[] alone = Arrays.copyOf(all, drawable);
    for (SamplingSettings settings :
        List.of(
            SamplingSettings.greedy(1, List.of()),
            new SamplingSettings(1, 0, 1, 1, List.of()),
            new SamplingSettings(0.7, 5, 1, 1, List.of()),
            new SamplingSettings(1.3, 0, 0.6, 1, List.of()),
            new SamplingSettings(1.3, 20, 0.6, 1, List.of()))) {
      SamplingSettings masked =
          new SamplingSettings(
              settings.temperature(), settings.topK(), settings.topP(), 1, List.of(), drawable);
      TokenScores scores = scores(masked, all);
      TokenScores ofAlone = scores(settings, alone);
      TokenSampler sampler = new TokenSampler(masked, all.length);
      TokenSampler sampleOfAlone = new TokenSampler(settings, drawable);
      for (int i = 0; i < 300; i++) {
        double uniform = CounterRandom.uniform(9, i);
        int drawn = sampler.draw(scores, 1, uniform);
        assertEquals(sampleOfAlone.draw(ofAlone, 1, uniform), drawn);
        assertTrue(drawn < drawable);
      }
    }
  }

  @Test
  void damageBeyondWhatIsDrawableIsReportedToo() {
    SamplingSettings masked = new SamplingSettings(1, 0, 1, 1, List.of(), 3);
    assertThrows(IllegalArgumentException.class, () -> draw(masked, 0.5, 1, 2, 3, Double.NaN));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            draw(
                masked,
                0.5,
                Double.NEGATIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                Double.NEGATIVE_INFINITY,
                1));
  }

  @Test
  void theSmallestTemperatureTakesOneOfTheMostProbable() {
    SamplingSettings cold = new SamplingSettings(Double.MIN_NORMAL, 0, 1, 1, List.of());
    assertEquals(1, draw(cold, 0.4, -1, 2.5, 2.5, 2.4));
    assertEquals(2, draw(cold, 0.6, -1, 2.5, 2.5, 2.4));
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
  void damagedLogitsAreReported(double damaged) {
    SamplingSettings warm = new SamplingSettings(1, 0, 1, 1, List.of());
    for (SamplingSettings settings : List.of(SamplingSettings.greedy(1, List.of()), warm)) {
      double[] values = new double[130];
      values[100] = damaged;
      Exception thrown =
          assertThrows(IllegalArgumentException.class, () -> draw(settings, 0.5, values));
      assertTrue(thrown.getMessage().contains("not finite"), thrown::getMessage);
    }
  }

  @Test
  void tokenOfMinusInfinityIsNeverDrawn() {
    double[] logits = {Double.NEGATIVE_INFINITY, 1, Double.NEGATIVE_INFINITY};
    for (double temperature : new double[] {0, 1, Double.MIN_NORMAL}) {
      SamplingSettings settings = new SamplingSettings(temperature, 0, 1, 1, List.of());
      assertEquals(1, draw(settings, 0, logits));
      assertEquals(1, draw(settings, Math.nextDown(1.0), logits));
    }
  }

  @Test
  void blockOfNothingButMinusInfinityIsReported() {
    double[] values = new double[130];
    Arrays.fill(values, 64, 128, Double.NEGATIVE_INFINITY);
    SamplingSettings warm = new SamplingSettings(1, 0, 1, 1, List.of());
    assertThrows(IllegalArgumentException.class, () -> draw(warm, 0.5, values));
  }

  @Test
  void theExponentialIsWithinAUnitOfTheLastPlacesOfTheExactOne() {
    for (int i = 0; i < 400_000; i++) {
      double x = -i * 1e-4;
      double exact = StrictMath.exp(x);
      assertEquals(exact, FastExp.exp(x), 1e-15 * exact, () -> "x " + x);
    }
    assertEquals(1, FastExp.exp(0));
    assertEquals(0, FastExp.exp(-40.001));
  }
}
