package dev.irpo.transformer.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.transformer.CounterRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenSamplerTest {
  private static final double[] PROBABILITIES = {0.1, 0.4, 0.05, 0.25, 0.2};

  private static Buffer logits(double... values) {
    Buffer buffer = Buffer.allocate(DType.F32, values.length);
    for (int i = 0; i < values.length; i++) {
      buffer.set(i, values[i]);
    }
    return buffer;
  }

  private static double[] frequencies(double temperature, int topK, double topP) {
    double[] logs = new double[PROBABILITIES.length];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = Math.log(PROBABILITIES[i]) + 3;
    }
    SamplingSettings settings = new SamplingSettings(temperature, topK, topP, 1, List.of());
    TokenSampler sampler = new TokenSampler(settings, logs.length);
    double[] frequencies = new double[logs.length];
    int draws = 200_000;
    for (int i = 0; i < draws; i++) {
      frequencies[sampler.draw(logits(logs), 0, CounterRandom.uniform(1, i))] += 1.0 / draws;
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
    Buffer buffer = logits(values);
    SamplingSettings settings = new SamplingSettings(0.8, 0, 1, 1, List.of());
    TokenSampler sampler = new TokenSampler(settings, values.length);
    for (int i = 0; i < 5000; i++) {
      double uniform = CounterRandom.uniform(4, i);
      assertEquals(firstThatPasses(values, 0.8, uniform), sampler.draw(buffer, 0, uniform));
    }
    assertEquals(0, sampler.draw(buffer, 0, 0));
    assertEquals(799, sampler.draw(buffer, 0, Math.nextDown(1.0)));
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
  void greedyTakesTheLowestIdOfEquals() {
    TokenSampler sampler = new TokenSampler(SamplingSettings.greedy(1, List.of()), 4);
    assertEquals(1, sampler.draw(logits(-1, 2.5, 2.5, 0), 0, 0.99));
  }

  @Test
  void damagedLogitsAreReported() {
    TokenSampler sampler = new TokenSampler(SamplingSettings.greedy(1, List.of()), 2);
    assertThrows(IllegalArgumentException.class, () -> sampler.draw(logits(Double.NaN, 1), 0, 0.5));
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
