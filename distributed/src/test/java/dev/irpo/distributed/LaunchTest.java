package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LaunchTest {
  private static Launch launch(String... variables) {
    return Launch.of(environment(variables)).orElseThrow();
  }

  private static Map<String, String> environment(String... variables) {
    Map<String, String> environment = new HashMap<>(Map.of("HOME", "/"));
    for (String variable : variables) {
      environment.put(variable.replaceAll("=.*", ""), variable.replaceAll(".*=", ""));
    }
    return environment;
  }

  @Test
  void processWithoutALauncherIsAlone() {
    assertEquals(Optional.empty(), Launch.of(environment()));
  }

  @Test
  void scriptOfABatchSystemIsAlone() {
    assertEquals(Optional.empty(), Launch.of(environment("SLURM_NTASKS=16", "SLURM_PROCID=0")));
    assertEquals(Optional.empty(), Launch.of(environment("SLURM_STEP_NUM_TASKS=1")));
  }

  @Test
  void launchersSayHowManyProcessesTheyStarted() {
    assertEquals(
        new Launch("Open MPI's mpirun", 4, true),
        launch("OMPI_COMM_WORLD_SIZE=4", "PMIX_RANK=1", "PMI_RANK=9"));
    assertEquals(new Launch("a PMI launcher", 3, false), launch("PMI_RANK=0", "PMI_SIZE=3"));
    assertEquals(
        new Launch("a PMIx launcher", 8, false), launch("PMIX_RANK=0", "SLURM_STEP_NUM_TASKS=8"));
    assertEquals(new Launch("a PMIx launcher", 0, false), launch("PMIX_RANK=0"));
  }

  @Test
  void processesThatDoNotKnowOfEachOtherAreRefused() {
    GroupFailure failure =
        assertThrows(
            GroupFailure.class,
            () -> Launch.of(environment("SLURM_STEP_NUM_TASKS=16", "SLURM_PROCID=3")));
    assertTrue(failure.getMessage().startsWith("srun started 16 processes without MPI; "));
  }

  @Test
  void sizeThatIsNoNumberIsRefused() {
    GroupFailure failure =
        assertThrows(GroupFailure.class, () -> launch("OMPI_COMM_WORLD_SIZE=many"));
    assertEquals("OMPI_COMM_WORLD_SIZE is many, no number of processes", failure.getMessage());
  }

  @Test
  void timeoutIsSecondsAboveZero() {
    assertEquals(600, Watchdog.timeout(""));
    assertEquals(7, Watchdog.timeout("7"));
    for (String wrong : new String[] {"0", "-1", "soon", "1.5"}) {
      GroupFailure failure = assertThrows(GroupFailure.class, () -> Watchdog.timeout(wrong));
      assertEquals(
          "IRPO_MPI_TIMEOUT_S is " + wrong + "; set it to seconds from 1", failure.getMessage());
    }
  }
}
