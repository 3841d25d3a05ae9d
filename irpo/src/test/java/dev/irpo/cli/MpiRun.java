package dev.irpo.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.irpo.testdata.Mpi;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Command lines as several processes.
final class MpiRun {
  private MpiRun() {}

  /// Runs a command line; skips the test, and says so, where this machine lacks the launcher.
  ///
  /// @param folder for what goes in and comes out
  static CommandLineRun of(Mpi mpi, Path folder, int processes, String input, Object... arguments)
      throws IOException, InterruptedException, URISyntaxException {
    Optional<List<String>> launcher = mpi.launcher();
    assumeTrue(launcher.isPresent(), "no launcher of " + mpi + " is on the path");
    List<String> command = new ArrayList<>(launcher.orElseThrow());
    command.addAll(List.of("-n", Integer.toString(processes)));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String flags = Path.of(Main.class.getResource("jvm.flags").toURI()).toString();
    command.addAll(List.of("@" + flags, "-Xmx512m", "-cp"));
    command.add(System.getProperty("java.class.path"));
    command.add(Main.class.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path in = Files.writeString(folder.resolve("in"), input);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    Mpi.allowRoot(builder);
    int code = builder.start().waitFor();
    return new CommandLineRun(code, Files.readString(out), Files.readString(err));
  }
}
