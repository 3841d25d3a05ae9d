package dev.irpo.experiment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DifferenceTest {
  private static final Map<String, Double> GREEDY =
      Map.of("irpo@0", 50.0, "irpo@1", 70.0, "irpo@2", 78.0, "star@1", 66.0);

  private static double accuracy(ModelRef model, Measure measure) {
    double greedy = GREEDY.getOrDefault(model.toString(), Double.NaN);
    return measure == Measure.GREEDY ? greedy : greedy + 3;
  }

  @ParameterizedTest
  @CsvSource({
    "irpo@1 - star@1, 4",
    "2 irpo@1 - irpo@0 - irpo@2, 12",
    "irpo@1:majority - irpo@1, 3",
    "irpo@1:greedy-star@1, 4",
    "- irpo@0 + irpo@1, 20"
  })
  void sumsAccuracies(String text, double expected) {
    assertEquals(expected, Difference.parse(text).of(DifferenceTest::accuracy).orElseThrow());
  }

  @Test
  void isEmptyWhereAModelWasNotMeasured() {
    assertTrue(Difference.parse("irpo@1 - dpo@1").of(DifferenceTest::accuracy).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "irpo", "irpo@1 star@1", "irpo@1 - ", "irpo@1 * 2", "irpo@1:best - star@1"})
  void refusesOtherTexts(String text) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Difference.parse(text)).getMessage();
    assertTrue(message.contains("irpo@1 - star@1"), message);
  }

  @Test
  void intervalsAreStudents() {
    Estimate estimate = Estimate.of(List.of(1.0, 2.0, 3.0, 4.0, 5.0));
    assertEquals(3, estimate.mean());
    assertEquals(Math.sqrt(2.5 / 5), estimate.standardError(), 1e-12);
    assertEquals(2.776445105, estimate.halfWidth() / estimate.standardError(), 1e-8);
    assertTrue(Double.isNaN(Estimate.of(List.of(1.0)).halfWidth()));
  }

  @ParameterizedTest
  @CsvSource({
    "3, 1, POSITIVE, HELD",
    "3, 3.5, POSITIVE, UNDECIDED",
    "-3, 1, POSITIVE, NOT_HELD",
    "0.5, 1, NEAR_ZERO, HELD",
    "1.5, 1, NEAR_ZERO, UNDECIDED",
    "4, 1, NEAR_ZERO, NOT_HELD",
    "-4, 1, NEAR_ZERO, NOT_HELD",
    "9, NaN, POSITIVE, UNDECIDED",
    "9, 0, POSITIVE, UNDECIDED"
  })
  void aClaimHoldsWhereItsWholeIntervalDoes(
      double mean, double halfWidth, Expectation expectation, Expectation.Verdict verdict) {
    assertEquals(verdict, expectation.verdict(new Estimate(mean, 1, halfWidth, 5)));
  }
}
