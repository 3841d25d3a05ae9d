package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Finds and loads the MPI library that belongs to the launcher.
final class MpiLibrary {
  /// The environment variable that names the library instead, a file or a name for the loader.
  static final String VARIABLE = "IRPO_MPI_LIBRARY";

  /// Its value for no library at all: the process works alone, whoever started it.
  static final String NONE = "none";

  private static final List<String> OPEN_MPI =
      NativeLibrary.isMacOs() ? List.of("libmpi.40.dylib") : List.of("libmpi.so.40");
  private static final List<String> MPICH =
      NativeLibrary.isMacOs()
          ? List.of("libmpi.12.dylib")
          : List.of("libmpi.so.12", "libmpich.so.12");
  private static final List<String> ANY =
      NativeLibrary.isMacOs() ? List.of("libmpi.dylib") : List.of("libmpi.so");

  /// What libraries that are loaded later find in the environment: whether a variable of the user
  /// is replaced.
  ///
  /// UCX would put handlers of its own in place of the JVM's, which needs SIGSEGV for its work.
  /// Ranks that share cores wait in Open MPI's blocking calls for each other, which spin.
  private record Setting(String name, String value, boolean replaces) {}

  private static final List<Setting> SETTINGS =
      List.of(
          new Setting("UCX_ERROR_SIGNALS", "", true),
          new Setting("OMPI_MCA_mpi_yield_when_idle", "1", false));

  private MpiLibrary() {}

  /// Loads it.
  ///
  /// @throws GroupFailure if there is none
  static NativeLibrary load(Launch launch, Map<String, String> environment) {
    prepareEnvironment();
    String chosen = environment.getOrDefault(VARIABLE, "");
    List<String> names = chosen.isEmpty() ? candidates(launch) : List.of(chosen);
    List<String> failures = new ArrayList<>();
    for (String name : names) {
      try {
        return NativeLibrary.open(name);
      } catch (GroupFailure e) {
        failures.add(e.getMessage());
      }
    }
    throw new GroupFailure(
        "%s started this process, but no MPI library can be loaded (%s); install %s or set %s to it"
            .formatted(
                launch.launcher(),
                String.join("; ", failures),
                launch.isOpenMpi() ? "Open MPI" : "MPICH or Open MPI",
                VARIABLE));
  }

  private static List<String> candidates(Launch launch) {
    List<String> names = new ArrayList<>();
    names.addAll(launch.isOpenMpi() || launch.launcher().contains("PMIx") ? OPEN_MPI : MPICH);
    if (!launch.isOpenMpi()) {
      names.addAll(launch.launcher().contains("PMIx") ? MPICH : OPEN_MPI);
    }
    names.addAll(ANY);
    return names;
  }

  private static void prepareEnvironment() {
    NativeFunction setenv = NativeLibrary.ofSystem("setenv", JAVA_LONG, JAVA_LONG, JAVA_INT);
    try (Arena arena = Arena.ofConfined()) {
      for (Setting setting : SETTINGS) {
        setenv.call(
            arena.allocateFrom(setting.name()).address(),
            arena.allocateFrom(setting.value()).address(),
            setting.replaces() ? 1 : 0);
      }
    }
  }
}
