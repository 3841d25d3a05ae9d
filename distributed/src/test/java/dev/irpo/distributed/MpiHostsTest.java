package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Processes on two hosts, over TCP: where `IRPO_TEST_HOSTS` is set, because it depends on the
/// machine's network and its launchers.
class MpiHostsTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final int POLL_MS = 50;
  private static final String ASKED = "IRPO_TEST_HOSTS";

  @TempDir private Path folder;

  @BeforeAll
  static void namespacesAreAskedForAndThere() {
    assumeTrue(System.getenv(ASKED) != null, ASKED + " does not ask for two hosts");
    assumeTrue(TwoHosts.arePossible(), "namespaces of networks need Linux, iproute2 and root");
  }

  private static MpiLauncher launcher(String family) {
    Optional<MpiLauncher> launcher = MpiLauncher.find(family);
    assumeTrue(launcher.isPresent(), "no launcher of " + family + " is on the path");
    return launcher.get();
  }

  private Process start(TwoHosts hosts, String family, String what, String timeout)
      throws Exception {
    Map<String, String> settings = new HashMap<>(hosts.settings());
    settings.put("IRPO_MPI_TIMEOUT_S", timeout);
    return launcher(family)
        .start(hosts.first(), hosts.options(family), 2, settings, what, output());
  }

  private Path output() {
    return folder.resolve("output");
  }

  private String said() {
    try {
      return Files.readString(output());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void await(BooleanSupplier condition) throws InterruptedException {
    Instant end = Instant.now().plus(LIMIT);
    while (!condition.getAsBoolean()) {
      assertTrue(Instant.now().isBefore(end), this::said);
      Thread.sleep(POLL_MS);
    }
  }

  /// Whether none of a job's processes, which are the only JVMs in it, is left on either host.
  private static boolean haveEnded(Process job) {
    return job.descendants()
        .noneMatch(process -> process.info().command().orElse("").endsWith("/java"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"openmpi", "mpich"})
  void processesOnTwoHostsAreAGroup(String family) throws Exception {
    try (TwoHosts hosts = new TwoHosts(folder)) {
      Process job = start(hosts, family, "buckets", "600");
      assertTrue(job.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS), this::said);
      assertEquals(0, job.exitValue(), this::said);
      assertTrue(said().contains("rank 0 of 2 on hostA is done"), this::said);
      assertTrue(said().contains("rank 1 of 2 on hostB is done"), this::said);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"openmpi", "mpich"})
  void processesOnBothHostsEndWhenTheNetworkIsLost(String family) throws Exception {
    try (TwoHosts hosts = new TwoHosts(folder)) {
      Process job = start(hosts, family, "runsOn", "8");
      try {
        await(() -> said().contains("hostA runs on") && said().contains("hostB runs on"));
        hosts.cut();
        await(() -> haveEnded(job));
        assertTrue(said().contains("all-reduce has waited 8 s for the other ranks"), this::said);
      } finally {
        MpiLauncher.stop(job); // Open MPI's own waits until TCP gives the other host up
      }
    }
  }
}
