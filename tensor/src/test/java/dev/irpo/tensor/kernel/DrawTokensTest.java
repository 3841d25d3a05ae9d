package dev.irpo.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What is drawn, whichever backend draws.
class DrawTokensTest {
  private static final double[] PROBABILITIES = {0.1, 0.4, 0.05, 0.25, 0.2};
  private static final CpuBackend CPU = new CpuBackend(1);
  private static final int ALL = Integer.MAX_VALUE;

  /// Whose kernels are called.
  @SuppressWarnings("ImmutableEnumChecker") // kernels keep working memory alone
  enum Side {
    CPU(DrawTokensTest.CPU.kernels(), DType.F32),
    REFERENCE(ReferenceBackend.inSinglePrecision().kernels(), DType.F32),
    REFERENCE_IN_DOUBLE(ReferenceBackend.inDoublePrecision().kernels(), DType.F64);

    private final transient Kernels kernels;
    private final DType type;

    Side(Kernels kernels, DType type) {
      this.kernels = kernels;
      this.type = type;
    }

    /// Draws from the middle one of three rows; nothing of the others counts.
    DrawnRows draw(List<TokenDraw> draws, double... logits) {
      double[] other = new double[logits.length];
      Arrays.setAll(other, v -> v % 3);
      return DrawnRows.of(kernels, type, new double[][] {other, logits, other}, draws);
    }

    int draw(TokenDraw draw, double... logits) {
      return draw(List.of(draw), logits).tokens()[0];
    }

    boolean isFinite(TokenDraw draw, double... logits) {
      return Float.isFinite(draw(List.of(draw), logits).logProbs()[0]);
    }
  }

  @AfterAll
  static void close() {
    CPU.close();
  }

  private static TokenDraw draw(double temperature, int topK, double topP, double uniform) {
    return new TokenDraw(1, temperature, topK, topP, ALL, uniform);
  }

  private static double uniform(int seed, int index) {
    return (Samples.signed(seed, index) + 1) / 2;
  }

  private static List<TokenDraw> draws(
      int count, int seed, double temperature, int topK, double topP) {
    return IntStream.range(0, count)
        .mapToObj(i -> draw(temperature, topK, topP, uniform(seed, i)))
        .toList();
  }

  private static double[] frequencies(Side side, double temperature, int topK, double topP) {
    double[] logits = Arrays.stream(PROBABILITIES).map(p -> Math.log(p) + 3).toArray();
    double[] frequencies = new double[logits.length];
    int count = 60_000;
    for (int token : side.draw(draws(count, 1, temperature, topK, topP), logits).tokens()) {
      frequencies[token] += 1.0 / count;
    }
    return frequencies;
  }

  private static void assertFrequencies(double[] weights, double[] actual) {
    double total = Arrays.stream(weights).sum();
    for (int i = 0; i < weights.length; i++) {
      assertEquals(weights[i] / total, actual[i], weights[i] == 0 ? 0 : 0.009);
    }
  }

  @ParameterizedTest
  @EnumSource
  void tokensComeAsOftenAsTheirProbabilitySays(Side side) {
    assertFrequencies(PROBABILITIES, frequencies(side, 1, 0, 1));
    double[] squares = Arrays.stream(PROBABILITIES).map(p -> p * p).toArray();
    assertFrequencies(squares, frequencies(side, 0.5, 0, 1));
  }

  @ParameterizedTest
  @EnumSource
  void topKKeepsTheMostProbable(Side side) {
    assertFrequencies(new double[] {0, 0.4, 0, 0.25, 0}, frequencies(side, 1, 2, 1));
  }

  @ParameterizedTest
  @EnumSource
  void topPKeepsTheFewestThatReachIt(Side side) {
    assertFrequencies(new double[] {0, 0.4, 0, 0.25, 0.2}, frequencies(side, 1, 0, 0.7));
    assertFrequencies(new double[] {0, 1, 0, 0, 0}, frequencies(side, 1, 0, 0.3));
    assertFrequencies(new double[] {0, 0.4, 0, 0.25, 0}, frequencies(side, 1, 3, 0.7));
  }

  private static int firstThatPasses(double[] logits, double temperature, double uniform) {
    double max = (float) Arrays.stream(logits).max().orElseThrow();
    double[] sums = new double[logits.length];
    double sum = 0;
    for (int v = 0; v < logits.length; v++) {
      sum += Math.exp(((float) logits[v] - max) / temperature);
      sums[v] = sum;
    }
    int token = 0;
    while (sums[token] <= uniform * sum) {
      token++;
    }
    return token;
  }

  @ParameterizedTest
  @EnumSource
  void theFirstTokenIsDrawnWhoseSumPassesTheRandomNumber(Side side) {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> 8 * Samples.signed(3, v));
    Arrays.fill(values, 250, 530, -1e30);
    Arrays.fill(values, 800, 1000, -1e30);
    values[799] = 5;
    List<TokenDraw> draws = draws(2000, 4, 0.8, 0, 1);
    int[] tokens = side.draw(draws, values).tokens();
    for (int i = 0; i < tokens.length; i++) {
      assertEquals(firstThatPasses(values, 0.8, draws.get(i).uniform()), tokens[i]);
    }
    assertEquals(0, side.draw(draw(0.8, 0, 1, 0), values));
    assertEquals(799, side.draw(draw(0.8, 0, 1, Math.nextDown(1.0)), values));
  }

  @ParameterizedTest
  @EnumSource
  void theLogProbabilityIsThatOfTheWholeSoftmaxAtTemperatureOne(Side side) {
    double[] logits = Arrays.stream(PROBABILITIES).map(p -> Math.log(p) + 3).toArray();
    DrawnRows drawn = side.draw(draws(50, 2, 0.3, 2, 0.9), logits);
    for (int i = 0; i < 50; i++) {
      double expected = Math.log(PROBABILITIES[drawn.tokens()[i]]);
      assertEquals(expected, drawn.logProbs()[i], 1e-6);
    }
  }

  /// The draw among the tokens that top-k and top-p keep, said again over the whole vocabulary.
  private static int drawnOfTop(TokenDraw draw, double[] logits) {
    double max = (float) Arrays.stream(logits).max().orElseThrow();
    double[] weights = new double[logits.length];
    Arrays.setAll(weights, v -> Math.exp(((float) logits[v] - max) / draw.temperature()));
    Integer[] order = new Integer[logits.length];
    Arrays.setAll(order, v -> v);
    Arrays.sort(order, Comparator.comparingDouble(v -> 0f - (float) logits[v]));
    int kept = draw.topK() > 0 ? Math.min(draw.topK(), order.length) : order.length;
    double all = 0;
    for (int i = 0; i < kept; i++) {
      all += weights[order[i]];
    }
    double mass = 0;
    int count = 0;
    while (count < kept && (count == 0 || mass < draw.topP() * all)) {
      mass += weights[order[count++]];
    }
    double sum = 0;
    for (int i = 0; i < count - 1; i++) {
      sum += weights[order[i]];
      if (sum > draw.uniform() * mass) {
        return order[i];
      }
    }
    return order[count - 1];
  }

  private static void checkTop(Side side, double temperature, double shift) {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> shift + Math.rint(40 * Samples.signed(5, v)) / 8); // many are equal
    int[] topK = {1, 5, 16, 17, 400, 2000, 0, 0, 7};
    double[] topP = {1, 1, 0.9, 1, 0.99, 1, 0.5, 0.999, 0.7};
    for (int c = 0; c < topK.length; c++) {
      List<TokenDraw> draws = draws(300, 6, temperature, topK[c], topP[c]);
      int[] tokens = side.draw(draws, values).tokens();
      for (int i = 0; i < tokens.length; i++) {
        assertEquals(drawnOfTop(draws.get(i), values), tokens[i], "case " + c);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void cuttingOffByBlocksKeepsWhatSortingAllTokensKeeps(Side side) {
    checkTop(side, 0.8, 0);
  }

  @ParameterizedTest
  @EnumSource
  void topKKeepsAsManyWhereEveryLogitIsBelowZero(Side side) {
    checkTop(side, 4, -50);
  }

  @ParameterizedTest
  @EnumSource
  void topKReachesIntoEveryBlockWhereEachHasOneProbableToken(Side side) {
    double[] values = new double[1000];
    Arrays.setAll(values, v -> v % 64 == 5 ? v / 640.0 : -30);
    assertEquals(5, side.draw(draw(0.8, 16, 1, Math.nextDown(1.0)), values)); // the 16th
  }

  @ParameterizedTest
  @EnumSource
  void greedyTakesTheLowestIdOfEquals(Side side) {
    assertEquals(1, side.draw(draw(0, 0, 1, 0.99), -1, 2.5, 2.5, 0));
    double[] values = new double[200];
    Arrays.fill(values, 70, 150, 3);
    assertEquals(70, side.draw(draw(0, 3, 0.5, 0.99), values));
  }

  /// Rows beyond the tokens may have the largest logits; the draw is that of the tokens alone.
  @ParameterizedTest
  @EnumSource
  void whatIsNotDrawableCountsAsIfItWereNotThere(Side side) {
    for (int drawable : new int[] {1, 63, 64, 65, 128, 150, 199}) {
      double[] all = new double[200];
      Arrays.setAll(all, v -> v < drawable ? 5 * Samples.signed(8, v) : 9);
      double[] alone = Arrays.copyOf(all, drawable);
      for (TokenDraw settings :
          List.of(
              draw(0, 0, 1, 0),
              draw(1, 0, 1, 0),
              draw(0.7, 5, 1, 0),
              draw(1.3, 0, 0.6, 0),
              draw(1.3, 20, 0.6, 0))) {
        List<TokenDraw> whole =
            draws(200, 9, settings.temperature(), settings.topK(), settings.topP());
        List<TokenDraw> masked =
            whole.stream()
                .map(d ->
                    new TokenDraw(1, d.temperature(), d.topK(), d.topP(), drawable, d.uniform()))
                .toList();
        int[] tokens = side.draw(masked, all).tokens();
        assertEquals(Arrays.toString(side.draw(whole, alone).tokens()), Arrays.toString(tokens));
        assertTrue(Arrays.stream(tokens).allMatch(token -> token < drawable));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void damageBeyondWhatIsDrawableIsReportedToo(Side side) {
    TokenDraw masked = new TokenDraw(1, 1, 0, 1, 3, 0.5);
    assertTrue(side.isFinite(masked, 1, 2, 3, 4));
    assertFalse(side.isFinite(masked, 1, 2, 3, Double.NaN));
    double lowest = Double.NEGATIVE_INFINITY;
    assertFalse(side.isFinite(masked, lowest, lowest, lowest, 1));
  }

  @ParameterizedTest
  @EnumSource
  void damagedLogitsAreReported(Side side) {
    double[] values = new double[130];
    for (double damaged : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      values[100] = damaged;
      for (double temperature : new double[] {0, 1}) {
        assertFalse(side.isFinite(draw(temperature, 0, 1, 0.5), values), "" + damaged);
        assertFalse(side.isFinite(draw(temperature, 3, 0.5, 0.5), values), "" + damaged);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void theSmallestTemperatureTakesOneOfTheMostProbable(Side side) {
    assertEquals(1, side.draw(draw(Double.MIN_NORMAL, 0, 1, 0.4), -1, 2.5, 2.5, 2.4));
    assertEquals(2, side.draw(draw(Double.MIN_NORMAL, 0, 1, 0.6), -1, 2.5, 2.5, 2.4));
  }

  @ParameterizedTest
  @EnumSource
  void tokenOfMinusInfinityIsNeverDrawn(Side side) {
    double[] logits = {Double.NEGATIVE_INFINITY, 1, Double.NEGATIVE_INFINITY};
    for (double temperature : new double[] {0, 1, Double.MIN_NORMAL}) {
      for (int topK : new int[] {0, 3}) {
        assertEquals(1, side.draw(draw(temperature, topK, 1, 0), logits));
        assertEquals(1, side.draw(draw(temperature, topK, 1, Math.nextDown(1.0)), logits));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBlockOfNothingButMinusInfinityIsReported(Side side) {
    double[] values = new double[130];
    Arrays.fill(values, 64, 128, Double.NEGATIVE_INFINITY);
    assertFalse(side.isFinite(draw(1, 0, 1, 0.5), values));
  }
}
