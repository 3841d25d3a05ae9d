package dev.irpo.checkpoints;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What `bin/fuzz` starts from is whole, and a hundred changes of it are read or refused.
@Timeout(300) // of a hang; a slow disk takes a minute
class ReaderFuzzTest {
  private static final int CHANGES = 100;

  @TempDir Path folder;

  @ParameterizedTest
  @EnumSource
  void everySeedIsRead(FuzzTarget target) throws IOException {
    assertFalse(target.seeds().isEmpty());
    for (byte[] seed : target.seeds()) {
      Path own = Files.createTempDirectory(folder, "seed");
      target.read(seed[0], Arrays.copyOfRange(seed, 1, seed.length), own);
    }
  }

  @ParameterizedTest
  @EnumSource
  void changedSeedsAreReadOrRefusedInOneLine(FuzzTarget target) throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    for (byte[] seed : target.seeds()) {
      for (int i = 0; i < CHANGES; i++) {
        byte[] changed =
            Arrays.copyOf(seed, i % 3 == 0 ? random.nextInt(seed.length) + 1 : seed.length);
        for (int n = 0; n < 1 + i % 4; n++) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        target.check(changed, folder);
      }
    }
  }
}
