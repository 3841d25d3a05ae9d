package dev.irpo.benchmarks.setup;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.stream.Stream;

/// What numbers were measured with: date, commit, machine, JDK.
public final class Conditions {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  private Conditions() {}

  /// A line for each.
  public static String describe() throws IOException, InterruptedException {
    return """
    date     %s
    commit   %s
    machine  %s, %d cores, %s %s
    JDK      %s %s
    """
        .formatted(
            Instant.now().truncatedTo(ChronoUnit.SECONDS),
            commit(),
            processor(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            System.getProperty("java.vm.name"),
            System.getProperty("java.vm.version"));
  }

  /// The checkout in the working directory, where the jar was built.
  private static String commit() throws InterruptedException {
    Optional<String> head = git("rev-parse", "--short", "HEAD");
    boolean changed = !git("status", "--porcelain").orElse("").isEmpty();
    return head.map(name -> changed ? name + " with changes" : name)
        .orElse("unknown; start from the checkout to see it");
  }

  private static Optional<String> git(String... arguments) throws InterruptedException {
    String[] command = Stream.concat(Stream.of("git"), Stream.of(arguments)).toArray(String[]::new);
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try (InputStream output = process.getInputStream()) {
        String text = new String(output.readAllBytes(), StandardCharsets.UTF_8).strip();
        return process.waitFor() == 0 ? Optional.of(text) : Optional.empty();
      }
    } catch (IOException e) {
      return Optional.empty(); // no git on this machine
    }
  }

  private static String processor() throws IOException {
    if (!Files.isReadable(PROCESSORS)) {
      return "unknown processor";
    }
    try (Stream<String> lines = Files.lines(PROCESSORS)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse("unknown processor");
    }
  }
}
