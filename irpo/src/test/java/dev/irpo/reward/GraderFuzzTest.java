package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Grades what `bin/fuzz` starts from, and some changes of it.
@Timeout(60)
final class GraderFuzzTest {
  private static final int CHANGES = 300;

  /// What answers are made of, so that many changed ones can still be read.
  private static final byte[] MARKS =
      "0123456789,.-+$%\\{}()[] =/^_*&abxABC\u00BD\u00B2\u2212\n".getBytes(StandardCharsets.UTF_8);

  @Test
  void changedAnswersAreGradedAndTheirFormsReadAsThemselves() {
    SplittableRandom random = new SplittableRandom(1);
    for (byte[] seed : GraderFuzzer.seeds()) {
      assertDoesNotThrow(() -> GraderFuzzer.check(seed));
      for (int i = 0; i < CHANGES; i++) {
        byte[] changed = Arrays.copyOf(seed, 1 + random.nextInt(seed.length + 4));
        for (int n = 0; n < 1 + i % 4; n++) {
          changed[random.nextInt(changed.length)] = MARKS[random.nextInt(MARKS.length)];
        }
        GraderFuzzer.check(changed);
      }
    }
  }
}
