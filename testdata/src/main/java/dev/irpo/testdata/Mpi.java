package dev.irpo.testdata;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// An implementation of MPI that tests start processes with, where this machine has it.
public enum Mpi {
  /// Open MPI.
  OPEN_MPI("Open"),
  /// MPICH, whose launcher is Hydra.
  MPICH("HYDRA");

  private final String label;

  /// @param label in what the launcher says of its version
  Mpi(String label) {
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

  /// The launcher with its options, to which `-n N program` is added; none where this machine lacks
  /// it.
  public Optional<List<String>> launcher() {
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

  /// Lets Open MPI start processes of the superuser, as tests in containers are.
  public static void allowRoot(ProcessBuilder builder) {
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT", "1");
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
  }
}
