package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.irpo.config.RunConfig;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.Progress;
import dev.irpo.run.RunFolder;
import dev.irpo.run.SmallRun;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a long run holds levels off: memory, open files, memory maps, threads. In the [LongForm].
class LeakTest {
  private static final int STEPS = 2000;
  private static final int STEPS_BETWEEN = 100;
  private static final int ITERATIONS = 20;
  private static final long MIB = 1 << 20;

  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "train.retrainWithHeldOut=false",
          "train.keepCheckpoints=2",
          "evaluate.majoritySamples=2");

  @TempDir private Path temporary;

  /// What this process holds once garbage is collected.
  ///
  /// @param anonymous bytes that no file backs, of the heap, the JVM and all tensors
  /// @param maps parts of the address space, a mapped file each
  private record Held(long heap, long anonymous, long files, long maps, long threads) {
    private static final Path SELF = Path.of("/proc/self");

    static Held now() {
      System.gc();
      System.gc(); // what the first one found unreachable gives its memory maps back
      try (Stream<Path> files = Files.list(SELF.resolve("fd"));
          Stream<String> maps = Files.lines(SELF.resolve("maps"));
          Stream<String> status = Files.lines(SELF.resolve("status"))) {
        return new Held(
            ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
            status
                .filter(line -> line.startsWith("RssAnon:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024)
                .sum(),
            files.count(),
            maps.filter(line -> line.contains(".arrow")).count(),
            ManagementFactory.getThreadMXBean().getThreadCount());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public String toString() {
      return "heap %.1f MiB, anonymous %.0f MiB, %d files, %d maps of tables and models, %d threads"
          .formatted((double) heap / MIB, (double) anonymous / MIB, files, maps, threads);
    }
  }

  private List<Held> run(RunConfig config, String stage, long every) throws IOException {
    assumeTrue(Files.exists(Held.SELF), "the system does not tell");
    List<Held> held = new ArrayList<>();
    Progress watching =
        (name, total) ->
            new Progress.Bar() {
              @Override
              public void at(long done, String message) {
                if (name.endsWith(stage) && done % every == 0 && done < total) {
                  held.add(Held.now());
                  System.out.printf("%s at %d: %s%n", name, done, held.getLast());
                }
              }

              @Override
              public void close() {}
            };
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = SmallRun.begin(config, backend, temporary.resolve("run"));
      new IterationLoop(config, folder, backend, watching).run();
    }
    return held;
  }

  /// The least in the last quarter is no more than that in the one before it, and a little.
  private static void requireLevel(
      List<Held> held, String what, ToLongFunction<Held> of, long little) {
    int quarter = held.size() / 4;
    long before = least(held.subList(held.size() - 2 * quarter, held.size() - quarter), of);
    long last = least(held.subList(held.size() - quarter, held.size()), of);
    assertTrue(last <= before + little, what + ": " + last + " after " + before);
  }

  private static long least(List<Held> held, ToLongFunction<Held> of) {
    return held.stream().mapToLong(of).min().orElseThrow();
  }

  private static void requireLevel(List<Held> held) {
    requireLevel(held, "heap", Held::heap, MIB / 4);
    requireLevel(held, "anonymous memory", Held::anonymous, 8 * MIB);
    requireLevel(held, "open files", Held::files, 0);
    requireLevel(held, "memory maps", Held::maps, 0);
    requireLevel(held, "threads", Held::threads, 0);
  }

  @Test
  void aTrainingOf2000StepsHoldsNoMoreInTheEnd() throws IOException {
    LongForm.require();
    RunConfig config =
        CONFIG.with(
            "iterations=1",
            "train.steps=" + STEPS,
            "train.checkpointEverySteps=" + STEPS_BETWEEN / 2,
            "train.evaluateEverySteps=" + STEPS_BETWEEN);
    List<Held> held = run(config, "train", STEPS_BETWEEN);
    assertEquals(STEPS / STEPS_BETWEEN - 1, held.size());
    requireLevel(held);
  }

  @Test
  void aRunOf20IterationsHoldsNoMoreInTheEnd() throws IOException {
    LongForm.require();
    RunConfig config =
        CONFIG.with(
            "iterations=" + ITERATIONS,
            "train.steps=4",
            "train.checkpointEverySteps=2",
            "train.evaluateEverySteps=2",
            "train.retrainWithHeldOut=true");
    List<Held> held = run(config, "train", 3);
    assertTrue(held.size() >= ITERATIONS, held.toString());
    requireLevel(held);
  }
}
