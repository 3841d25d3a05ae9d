package dev.irpo.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PassRateTest {
  /// Of all subsets of k samples, those with a right one.
  private static double counted(int samples, int correct, int k) {
    int all = 0;
    int passing = 0;
    for (int subset = 0; subset < 1 << samples; subset++) {
      if (Integer.bitCount(subset) == k) {
        all++;
        passing += (subset & ((1 << correct) - 1)) != 0 ? 1 : 0;
      }
    }
    return (double) passing / all;
  }

  @ParameterizedTest
  @CsvSource({"8, 0, 4", "8, 1, 1", "8, 3, 2", "8, 5, 4", "8, 7, 2", "8, 8, 8", "5, 2, 4"})
  void isTheShareOfSubsetsWithARightSample(int samples, int correct, int k) {
    assertEquals(counted(samples, correct, k), PassRate.pass(samples, correct, k), 1e-12);
  }

  @Test
  void isAveragedOverProblems() {
    List<PassRate> rates = PassRate.of(List.of(0, 4, 2, 2), 4);
    assertEquals(List.of(1, 2, 4), rates.stream().map(PassRate::k).toList());
    assertEquals(0.5, rates.get(0).share(), 1e-12);
    assertEquals(Math.sqrt(0.125 / 4), rates.get(0).standardError(), 1e-12);
    assertEquals((0 + 1 + 2 * 5.0 / 6) / 4, rates.get(1).share(), 1e-12);
    assertEquals(0.75, rates.get(2).share(), 1e-12);
  }
}
