package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.distributed.Group;
import dev.irpo.model.Backends;
import dev.irpo.plan.Machine;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.train.SharedText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// The processes that a launcher of MPI started, which share the work of a command; one without a
/// launcher. The first one alone writes to standard output and shows progress.
///
/// @param group of these processes
/// @param onHost how many of them this one shares its machine's memory and cores with, itself
///   included
record Processes(Group group, int onHost) {
  /// What the help of commands says whose work processes share.
  static final String HELP =
      "Started by mpirun or srun, processes share the work: mpirun -np 4 irpo … (docs/scale.md).";

  /// What the processes do.
  @FunctionalInterface
  interface Work {
    /// Does it; all processes do.
    void with(Processes processes) throws IOException;
  }

  /// A part of it that may find a mistake of the user's.
  @FunctionalInterface
  interface Part<T> {
    /// Does it.
    T get() throws IOException;
  }

  /// The processes of a group.
  static Processes of(Group group) {
    return new Processes(group, group.countOnHost());
  }

  /// Lets all processes work.
  ///
  /// @return the exit code
  static int share(Work work) throws IOException {
    try (Group group = Group.open()) {
      work.with(of(group));
      group.finish();
      return 0;
    }
  }

  /// Whether this one does what only one shall do.
  boolean isFirst() {
    return group.isFirst();
  }

  /// Does something in all processes. If one finds a mistake, none continues, and the first one
  /// reports it.
  ///
  /// @throws IllegalArgumentException with the mistake of the first process that found one; the
  ///   other processes have an empty one
  <T> T all(Part<T> part) throws IOException {
    if (group.size() == 1) {
      return part.get();
    }
    T result = null;
    String mistake = "";
    try {
      result = part.get();
    } catch (IllegalArgumentException | IOException e) {
      mistake = Main.describe(e);
    }
    for (String found : SharedText.ofAll(group, mistake)) {
      if (!found.isEmpty()) {
        group.finish(); // a mistake is no failure of the job
        throw new IllegalArgumentException(group.isFirst() ? found : "");
      }
    }
    return result;
  }

  /// Does something in the first process, for which the others wait; only it has the result.
  ///
  /// @throws IllegalArgumentException as [#all]
  <T> Optional<T> first(Part<T> part) throws IOException {
    return all(() -> isFirst() ? Optional.of(part.get()) : Optional.empty());
  }

  /// This process's share of the machine's memory.
  long memoryBytes() {
    return Machine.memoryBytes() / onHost;
  }

  /// What computes, with this process's share of the cores where no number of threads is given.
  ComputeSettings compute(ComputeSettings wanted) {
    if (wanted.threads() > 0 || onHost == 1) {
      return wanted;
    }
    return new ComputeSettings(
        Math.max(1, Runtime.getRuntime().availableProcessors() / onHost),
        wanted.backend(),
        wanted.deviceKernels(),
        wanted.samplingWeights(),
        wanted.deviceGraphs(),
        wanted.tensorParallel());
  }

  /// Notes in a folder of a training that the program works there, and on what.
  ///
  /// @param settings that the backend was started with
  void noteStart(Path folder, ComputeSettings settings, Backend backend) throws IOException {
    StartsFile.in(folder).add(ProgramStart.now(group.size(), Backends.describe(settings, backend)));
  }

  /// Shows the progress of all.
  Progress progress() {
    return isFirst() ? new Bars() : Progress.NONE;
  }
}
