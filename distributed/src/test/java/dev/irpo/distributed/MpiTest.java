package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.irpo.distributed.MpiLauncher.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Real processes under the launchers that this machine has. `IRPO_TEST_MPI` names those that must
/// be there, such as `openmpi,mpich`.
@ParameterizedClass
@ValueSource(strings = {"openmpi", "mpich"})
class MpiTest {
  private final String family;
  private final Optional<MpiLauncher> launcher;

  MpiTest(String family) {
    this.family = family;
    launcher = MpiLauncher.find(family);
  }

  private Outcome run(int size, Map<String, String> settings, String what) throws Exception {
    String required = Optional.ofNullable(System.getenv("IRPO_TEST_MPI")).orElse("");
    assertTrue(
        launcher.isPresent() || !List.of(required.split(",")).contains(family),
        "IRPO_TEST_MPI asks for " + family + ", but its launcher is not on the path");
    assumeTrue(launcher.isPresent(), "no launcher of " + family + " is on the path");
    return launcher.get().run(size, settings, what);
  }

  private Outcome run(int size, String what) throws Exception {
    return run(size, Map.of(), what);
  }

  /// How many processes say that they came to their ends.
  private static long done(Outcome outcome) {
    return outcome.output().lines().filter(line -> line.endsWith("is done")).count();
  }

  private static void assertDone(int size, Outcome outcome) {
    assertEquals(0, outcome.exitCode(), outcome::output);
    assertEquals(size, done(outcome));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void processesAreAGroup(int size) throws Exception {
    assertDone(size, run(size, "checks"));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3})
  void segmentsOfManyBucketsAreMovedWhole(int size) throws Exception {
    assertDone(size, run(size, "buckets"));
  }

  @Test
  void jvmKeepsItsSignalHandlers() throws Exception {
    assertDone(2, run(2, "signals"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"throws", "exits", "aborts", "isKilled", "livesOn"})
  void processThatFailsTakesTheJobWithIt(String how) throws Exception {
    Outcome outcome = run(3, how);
    assertTrue(outcome.exitCode() > 0, outcome::output);
    assertEquals(0, done(outcome), outcome::output);
    assertEquals(
        how.equals("throws") || how.equals("aborts"),
        outcome.output().contains("an accident"),
        outcome::output);
  }

  @Test
  void processThatHangsEndsTheJobAfterTheTimeout() throws Exception {
    Outcome outcome = run(2, Map.of("IRPO_MPI_TIMEOUT_S", "2"), "hangs");
    assertNotEquals(0, outcome.exitCode());
    assertTrue(
        outcome.output().contains("all-reduce has waited 2 s for the other ranks"),
        outcome::output);
  }

  @Test
  void missingLibraryIsAnErrorAndNotAnotherProcessAlone() throws Exception {
    Outcome outcome = run(2, Map.of("IRPO_MPI_LIBRARY", "libnowhere.so"), "checks");
    assertNotEquals(0, outcome.exitCode());
    assertTrue(outcome.output().contains("no MPI library can be loaded (libnowhere.so"));
    assertEquals(0, done(outcome), outcome::output);
  }

  @Test
  void libraryOfAnotherLauncherIsAnError() throws Exception {
    assumeTrue(
        MpiLauncher.find("openmpi").isPresent() && MpiLauncher.find("mpich").isPresent(),
        "only one kind of launcher is on the path");
    String other = family.equals("mpich") ? "libmpi.so.40" : "libmpich.so.12";
    Outcome outcome = run(2, Map.of("IRPO_MPI_LIBRARY", other), "checks");
    assertNotEquals(0, outcome.exitCode());
    assertTrue(outcome.output().contains("started 2 processes, but"), outcome::output);
  }

  @Test
  void withoutALibraryEachProcessIsAloneIfThatIsWanted() throws Exception {
    Outcome outcome = run(2, Map.of("IRPO_MPI_LIBRARY", "none"), "checks");
    assertEquals(0, outcome.exitCode(), outcome::output);
    assertEquals(2, outcome.output().split("the only process is done", -1).length - 1);
  }
}
