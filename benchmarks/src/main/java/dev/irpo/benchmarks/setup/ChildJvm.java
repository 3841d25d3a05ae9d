package dev.irpo.benchmarks.setup;

import dev.irpo.plan.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A JVM beside this one with the program's flags, so that one measurement neither warms up nor
/// fills the memory of another.
public final class ChildJvm {
  private static final String FLAGS = "/dev/irpo/cli/jvm.flags";

  private static final String MAIN = "dev.irpo.benchmarks.Main";

  /// Enough for the objects beside the tensors, which lie outside the heap.
  private static final String HEAP = "-Xmx128m";

  private ChildJvm() {}

  /// The flags that the program runs with.
  public static List<String> flags() throws IOException {
    try (InputStream resource = ChildJvm.class.getResourceAsStream(FLAGS)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  /// Runs this program and returns its exit code; the input, the output and the errors are those of
  /// this process.
  public static int run(List<String> arguments) throws IOException, InterruptedException {
    return process(arguments).inheritIO().start().waitFor();
  }

  /// Runs this program and returns what it printed, or nothing if it ended with another code than
  /// 0; the errors are those of this process.
  public static Optional<String> outputOf(List<String> arguments)
      throws IOException, InterruptedException {
    Process process = process(arguments).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() == 0 ? Optional.of(output) : Optional.empty();
  }

  private static ProcessBuilder process(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags());
    command.add(HEAP);
    command.add("-XX:MaxDirectMemorySize=" + Machine.memoryBytes()); // tensors count as that
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    command.addAll(arguments);
    return new ProcessBuilder(command);
  }
}
