package dev.irpo.distributed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// A program of this machine that starts the processes of an MPI job.
///
/// @param family `openmpi` or `mpich`
/// @param command to which `-n N program` is added
record MpiLauncher(String family, List<String> command) {
  /// What a job printed, standard error among it, and its exit code.
  record Outcome(int exitCode, String output) {}

  private static final long LIMIT_S = 300;

  private static final Map<String, List<List<String>>> COMMANDS =
      Map.of(
          "openmpi",
          List.of(
              List.of("mpirun.openmpi", "--oversubscribe"), List.of("mpirun", "--oversubscribe")),
          "mpich",
          List.of(List.of("mpiexec.hydra"), List.of("mpiexec.mpich"), List.of("mpiexec")));

  private static final Map<String, String> VERSIONS = Map.of("openmpi", "Open", "mpich", "HYDRA");

  /// The launcher of a family, if this machine has one.
  static Optional<MpiLauncher> find(String family) {
    return COMMANDS.get(family).stream()
        .filter(command -> version(command.getFirst()).contains(VERSIONS.get(family)))
        .map(command -> new MpiLauncher(family, command))
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

  /// Runs [MpiTestProgram] as a job on this machine.
  ///
  /// @param settings environment variables of its processes
  Outcome run(int size, Map<String, String> settings, String what)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile("mpi", ".txt");
    try {
      Process process = start(List.of(), List.of(), size, settings, what, output);
      boolean hasEnded = process.waitFor(LIMIT_S, TimeUnit.SECONDS);
      stop(process);
      return new Outcome(hasEnded ? process.exitValue() : -1, Files.readString(output));
    } finally {
      Files.delete(output);
    }
  }

  /// Starts one.
  ///
  /// @param before the launcher: a command that runs it
  /// @param options of the launcher
  Process start(
      List<String> before,
      List<String> options,
      int size,
      Map<String, String> settings,
      String what,
      Path output)
      throws IOException {
    List<String> all = new ArrayList<>(before);
    all.addAll(command);
    all.addAll(options);
    all.addAll(List.of("-n", Integer.toString(size)));
    all.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    all.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx256m"));
    all.addAll(List.of("-cp", System.getProperty("java.class.path")));
    all.addAll(List.of(MpiTestProgram.class.getName(), what));
    ProcessBuilder builder =
        new ProcessBuilder(all).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().putAll(settings);
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT", "1");
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    return builder.start();
  }

  /// Ends what is left of a job.
  static void stop(Process job) {
    job.descendants().forEach(ProcessHandle::destroyForcibly);
    job.destroyForcibly();
  }
}
