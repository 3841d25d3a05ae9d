package dev.irpo.distributed;

import java.util.Map;
import java.util.Optional;

/// What a launcher told this process in environment variables when it started it.
///
/// @param launcher its name in messages
/// @param size how many processes it started; 0 if it does not say
/// @param isOpenMpi whether it is Open MPI's own, which starts only programs that use Open MPI
record Launch(String launcher, int size, boolean isOpenMpi) {
  /// The launch that started this process; none if it was started alone.
  ///
  /// ```text
  /// OMPI_COMM_WORLD_SIZE        mpirun of Open MPI
  /// PMI_RANK, PMI_SIZE          mpiexec of MPICH (Hydra) and of Intel MPI, srun --mpi=pmi2
  /// PMIX_RANK                   srun --mpi=pmix, prterun; the size is Slurm's
  /// SLURM_STEP_NUM_TASKS alone  srun --mpi=none: processes that do not know of each other
  /// ```
  ///
  /// @throws GroupFailure if several processes were started that can't find each other
  static Optional<Launch> of(Map<String, String> environment) {
    int steps = number(environment, "SLURM_STEP_NUM_TASKS");
    if (environment.containsKey("OMPI_COMM_WORLD_SIZE")) {
      return Optional.of(
          new Launch("Open MPI's mpirun", number(environment, "OMPI_COMM_WORLD_SIZE"), true));
    }
    if (environment.containsKey("PMI_RANK")) {
      return Optional.of(new Launch("a PMI launcher", number(environment, "PMI_SIZE"), false));
    }
    if (environment.containsKey("PMIX_RANK")) {
      return Optional.of(new Launch("a PMIx launcher", steps, false));
    }
    if (steps > 1) {
      throw new GroupFailure(
          ("srun started %,d processes without MPI; start them with srun --mpi=pmix (or pmi2), or"
                  + " set %s=%s if each is to work alone")
              .formatted(steps, MpiLibrary.VARIABLE, MpiLibrary.NONE));
    }
    return Optional.empty();
  }

  private static int number(Map<String, String> environment, String name) {
    String value = environment.getOrDefault(name, "0");
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new GroupFailure("%s is %s, no number of processes".formatted(name, value), e);
    }
  }
}
