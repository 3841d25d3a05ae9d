package dev.irpo.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A launcher of MPI, which runs command lines as several processes.
enum MpiRun {
  OPEN_MPI("Open MPI"),
  MPICH("HYDRA");

  private final String label;

  /// @param label in what the launcher says of its version
  MpiRun(String label) {
    this.label = label;
  }

  private List<List<String>> commands() {
    return switch (this) {
      case OPEN_MPI ->
          List.of(
              List.of("mpirun.openmpi", "--oversubscribe"), List.of("mpirun", "--oversubscribe"));
      case MPICH -> List.of(List.of("mpiexec.hydra"), List.of("mpiexec.mpich"), List.of("mpiexec"));
    };
  }

  private Optional<List<String>> launcher() {
    return commands().stream()
        .filter(command -> version(command.getFirst()).contains(label))
        .findFirst();
  }

  private static String version(String program) {
    try {
      Process process = new ProcessBuilder(program, "--version").redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return ""; // there is no such program
    }
  }

  /// Runs a command line; skips the test, and says so, where this machine lacks the launcher.
  ///
  /// @param folder for what goes in and comes out
  CommandLineRun run(Path folder, int processes, String input, Object... arguments)
      throws IOException, InterruptedException, URISyntaxException {
    Optional<List<String>> launcher = launcher();
    assumeTrue(launcher.isPresent(), "no launcher of " + this + " is on the path");
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
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT", "1");
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    int code = builder.start().waitFor();
    return new CommandLineRun(code, Files.readString(out), Files.readString(err));
  }
}
