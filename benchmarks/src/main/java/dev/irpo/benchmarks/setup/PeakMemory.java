package dev.irpo.benchmarks.setup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// The peak memory of this process.
public final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");

  private PeakMemory() {}

  /// Bytes resident at most; empty where the system does not say.
  public static OptionalLong bytes() throws IOException {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try (Stream<String> lines = Files.lines(STATUS)) {
      List<String> words =
          lines
              .filter(line -> line.startsWith("VmHWM:"))
              .flatMap(line -> Stream.of(line.split("\\s+")))
              .toList();
      return words.size() < 2
          ? OptionalLong.empty()
          : OptionalLong.of(Long.parseLong(words.get(1)) * 1024);
    }
  }
}
