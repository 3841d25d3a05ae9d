package dev.irpo.tokenizer;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What Jazzer calls: `bin/fuzz` starts it, with the target's name in the property `fuzz.target`.
public final class TokenizerFuzzer {
  /// A second, at the speed that Jazzer's counting of branches leaves.
  private static final long MAX_NANOS = 4_000_000_000L;

  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();
  private static final FuzzTarget TARGET = FuzzTarget.valueOf(System.getProperty("fuzz.target"));

  private TokenizerFuzzer() {}

  /// One input; whatever it throws is a finding.
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    long begin = CLOCK.getCurrentThreadCpuTime();
    TARGET.check(input);
    long nanos = CLOCK.getCurrentThreadCpuTime() - begin;
    if (nanos > MAX_NANOS) {
      throw new AssertionError("it computes for %d ms".formatted(nanos / 1_000_000));
    }
  }

  /// Writes the seeds of the target into the folder that is given.
  public static void main(String[] args) throws IOException {
    List<byte[]> seeds = TARGET.seeds();
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(Path.of(args[0], "seed-" + i), seeds.get(i));
    }
  }
}
