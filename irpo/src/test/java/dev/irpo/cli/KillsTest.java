package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.run.RunContents;
import dev.irpo.testdata.Mpi;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A small demo that is killed at random moments of all its stages, and each time resumed, ends in
/// the files of one that was not: as many kills as `IRPO_TEST_KILLS` asks for, in the long form
/// also of a demo that trains an adapter, and of two processes under Open MPI, one of them or both.
class KillsTest {
  private static final long SEED = 23;
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  private static final List<String> SETTINGS =
      List.of(
          "iterations=2",
          "task.trainProblems=12",
          "task.heldOutProblems=4",
          "task.testProblems=4",
          "rollouts.perPrompt=4",
          "rollouts.maxNewTokens=40",
          "rollouts.slots=32",
          "train.batchSize=4",
          "train.tokenBudget=512",
          "train.checkpointEverySteps=1",
          "train.evaluateEverySteps=3",
          "train.keepCheckpoints=2",
          "train.retrainWithHeldOut=true",
          "evaluate.majoritySamples=1");

  private final SplittableRandom random = new SplittableRandom(SEED);
  private final Map<String, Integer> killedIn = new LinkedHashMap<>();

  @TempDir private Path temporary;

  /// A demo as one process, or as several that a launcher starts.
  ///
  /// @param launcher before the command of a process
  /// @param more settings
  private record Program(List<String> launcher, List<String> more) {
    Process start(Path out) throws IOException {
      List<String> command = new ArrayList<>(launcher);
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      try (var flags = Main.class.getResourceAsStream("jvm.flags")) {
        new String(flags.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(command::add);
      }
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
      command.addAll(List.of("demo", "--log-format", "json", "--out", out.toString()));
      Stream.concat(SETTINGS.stream(), more.stream())
          .forEach(setting -> command.addAll(List.of("--set", setting)));
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      Mpi.allowRoot(builder);
      return builder.start();
    }

    /// The processes that work.
    List<ProcessHandle> workers(Process process) {
      return launcher.isEmpty()
          ? List.of(process.toHandle())
          : process
              .descendants()
              .filter(one -> one.info().command().orElse("").endsWith("/java"))
              .toList();
    }
  }

  /// When a run is killed.
  ///
  /// @param stage in which, or the first one after it that there is
  /// @param fraction of the time that it takes undisturbed
  private record Moment(String stage, double fraction) {}

  /// Kills at moments that are spread over all stages.
  private List<Moment> moments(int kills, List<String> stages) {
    List<Moment> moments = new ArrayList<>();
    for (int i = 0; i < kills; i++) {
      int stage = (i * stages.size() + random.nextInt(stages.size())) / kills;
      moments.add(new Moment(stages.get(stage), random.nextDouble()));
    }
    return moments;
  }

  private void kill(Program program, int kills) throws Exception {
    Path whole = temporary.resolve("whole");
    Process undisturbed = program.start(whole);
    StageLog log = new StageLog(undisturbed);
    end(undisturbed, log);
    SequencedMap<String, Duration> stages = log.durations(System.nanoTime());
    assertTrue(stages.size() > 8, log.text());
    System.out.println("undisturbed: " + stages);
    Map<String, String> expected = RunContents.of(whole);

    List<Moment> left = moments(kills, List.copyOf(stages.sequencedKeySet()));
    for (int run = 1; !left.isEmpty(); run++) {
      Path out = temporary.resolve("killed-" + run);
      while (!left.isEmpty() && isKilled(program, out, left.getFirst(), stages)) {
        left.removeFirst();
      }
      Process last = program.start(out);
      end(last, new StageLog(last));
      Map<String, String> found = RunContents.of(out);
      assertEquals(expected.keySet(), found.keySet());
      expected.forEach((name, bytes) -> assertEquals(bytes, found.get(name), name));
      assertEquals(List.of(), DamagedFiles.in(out));
      System.out.printf("run %d: all bytes equal, %d kills are left%n", run, left.size());
    }
    System.out.println("kills by stage: " + new TreeMap<>(killedIn));
  }

  private static void end(Process process, StageLog log) throws InterruptedException {
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), log::text);
    log.await();
    assertEquals(0, process.exitValue(), log.text());
    assertFalse(log.text().contains("kept as"), log.text());
  }

  /// Runs, or resumes, until a moment, and kills then; false if the run was over before.
  private boolean isKilled(
      Program program, Path out, Moment moment, SequencedMap<String, Duration> stages)
      throws Exception {
    List<String> order = List.copyOf(stages.sequencedKeySet());
    Process process = program.start(out);
    StageLog log = new StageLog(process);
    int wanted = order.indexOf(moment.stage);
    while (process.isAlive() && order.indexOf(log.begun().getLast()) < wanted) {
      Thread.sleep(1);
    }
    Thread.sleep(
        stages.get(moment.stage).multipliedBy((long) (1000 * moment.fraction)).dividedBy(1000));
    List<ProcessHandle> workers = program.workers(process);
    if (!process.isAlive()) {
      end(process, log);
      return false;
    }
    String stage = log.begun().getLast();
    boolean isAll = program.launcher.isEmpty() || workers.isEmpty() || random.nextBoolean();
    List<ProcessHandle> victims =
        isAll ? workers : List.of(workers.get(random.nextInt(workers.size())));
    victims.forEach(ProcessHandle::destroyForcibly);
    if (workers.isEmpty()) {
      process.destroyForcibly(); // the launcher has not started any yet
    }
    assertTrue(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS), log::text);
    for (ProcessHandle worker : workers) {
      worker.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
    killedIn.merge(stage, 1, Integer::sum);
    System.out.printf(
        "killed %d of %d in '%s', wanted %.2f of '%s'%n",
        victims.size(), workers.size(), stage, moment.fraction, moment.stage);
    return true;
  }

  @Test
  void aKilledRunEndsInTheBytesOfOneThatWasNot() throws Exception {
    LongForm.requireKills();
    kill(new Program(List.of(), List.of()), LongForm.kills());
  }

  @Test
  void aKilledRunOfAnAdapterDoesSoToo() throws Exception {
    LongForm.require();
    List<String> adapter = List.of("adapter.rank=4", "optimizer.learningRate=1e-3");
    kill(new Program(List.of(), adapter), LongForm.kills() / 5);
  }

  @Test
  void aKilledRunOfTwoProcessesDoesSoToo() throws Exception {
    LongForm.require();
    Optional<List<String>> found = Mpi.OPEN_MPI.launcher();
    assumeTrue(found.isPresent(), "no launcher of Open MPI is on the path");
    List<String> launcher = new ArrayList<>(found.orElseThrow());
    launcher.addAll(List.of("--bind-to", "none", "-n", "2"));
    kill(new Program(launcher, List.of()), 2 * LongForm.kills() / 5);
  }
}
