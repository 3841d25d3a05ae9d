package dev.irpo.distributed;

import dev.irpo.testdata.Mpi;
import java.io.IOException;
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

  private static final Map<String, Mpi> FAMILIES =
      Map.of("openmpi", Mpi.OPEN_MPI, "mpich", Mpi.MPICH);

  /// The launcher of a family, if this machine has one.
  static Optional<MpiLauncher> find(String family) {
    return FAMILIES.get(family).launcher().map(command -> new MpiLauncher(family, command));
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
    Mpi.allowRoot(builder);
    return builder.start();
  }

  /// Ends what is left of a job.
  static void stop(Process job) {
    job.descendants().forEach(ProcessHandle::destroyForcibly);
    job.destroyForcibly();
  }
}
