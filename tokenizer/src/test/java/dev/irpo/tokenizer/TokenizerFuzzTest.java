package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What `bin/fuzz` starts from is whole, and a few hundred changes of it are read or refused.
@Timeout(60)
class TokenizerFuzzTest {
  private static final int CHANGES = 300;

  @ParameterizedTest
  @EnumSource
  void everySeedIsRead(FuzzTarget target) throws IOException {
    assertFalse(target.seeds().isEmpty());
    for (byte[] seed : target.seeds()) {
      assertTrue(target.read(seed[0], Arrays.copyOfRange(seed, 1, seed.length)).vocabSize() > 0);
    }
  }

  @ParameterizedTest
  @EnumSource
  void changedSeedsAreReadOrRefusedInOneLine(FuzzTarget target) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (byte[] seed : target.seeds()) {
      for (int i = 0; i < CHANGES; i++) {
        byte[] changed = Arrays.copyOf(seed, 1 + random.nextInt(seed.length + 8));
        for (int n = 0; n < 1 + i % 4; n++) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        target.check(changed);
      }
    }
  }
}
