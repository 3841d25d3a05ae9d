package dev.irpo.checkpoints;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What Jazzer calls: `bin/fuzz` starts it, with the target's name in the property `fuzz.target`.
public final class ReaderFuzzer {
  private static final FuzzTarget TARGET = FuzzTarget.valueOf(System.getProperty("fuzz.target"));
  private static final Path FOLDER = folder();

  private ReaderFuzzer() {}

  /// One input; whatever it throws is a finding.
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    TARGET.check(input, FOLDER);
  }

  /// Writes the seeds of the target into the folder that is given.
  public static void main(String[] args) throws IOException {
    List<byte[]> seeds = TARGET.seeds();
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(Path.of(args[0], "seed-" + i), seeds.get(i));
    }
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory("fuzz");
    } catch (IOException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
