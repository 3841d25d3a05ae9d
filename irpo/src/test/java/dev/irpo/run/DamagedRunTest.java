package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.config.RunConfig;
import dev.irpo.provenance.StartsFile;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A finished run of which a file is damaged, run again: what can be made again is, to the byte,
/// with a warning that names it, and the damaged file is kept.
class DamagedRunTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1",
          "train.evaluateEverySteps=2",
          "train.checkpointEverySteps=0",
          "evaluate.majoritySamples=0",
          "pairs.maxTokens=140");

  @TempDir private static Path temporary;

  private static RunFolder whole;
  private static Map<String, String> expected;

  private RunFolder folder;
  private final List<String> warnings = new ArrayList<>();

  @BeforeAll
  static void runOnce() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      whole = SmallRun.begin(CONFIG, backend, temporary.resolve("whole"));
      new IterationLoop(CONFIG, whole, backend, Progress.NONE).run();
    }
    expected = RunContents.of(whole.root());
  }

  /// A copy of the whole run.
  private Path copy(String name) throws IOException {
    Path root = temporary.resolve(name.replace('/', '+'));
    try (Stream<Path> files = Files.walk(whole.root())) {
      for (Path file : files.toList()) {
        Files.copy(file, root.resolve(whole.root().relativize(file).toString()));
      }
    }
    folder = new RunFolder(root);
    return root;
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private void run() throws IOException {
    Logger logger = Logger.getLogger("dev.irpo");
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord event) {
            if (event.getLevel().equals(Level.WARNING)) {
              warnings.add(event.getMessage());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try (Backend backend = new CpuBackend(2)) {
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }
  }

  /// Runs again, which gives the whole run's bytes, and has one damaged thing kept and named.
  private void requireMadeAgain(Path damaged) throws IOException {
    run();
    assertEquals(expected, RunContents.of(folder.root()));
    assertEquals(
        List.of(damaged.resolveSibling(damaged.getFileName() + ".damaged")),
        DamagedFiles.in(folder.root()));
    assertEquals(1, warnings.size(), warnings.toString());
    assertTrue(warnings.getFirst().startsWith(damaged.toString()), warnings.toString());
    assertEquals(1, warnings.getFirst().lines().count(), warnings.toString());
    warnings.clear();
    run();
    assertEquals(List.of(), warnings, "and all is well afterwards");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "iteration-0/evaluation.json",
        "iteration-1/rollouts/part-00000.arrow",
        "iteration-1/rollouts.json",
        "iteration-1/dropped.jsonl",
        "iteration-1/pairs.arrow",
        "iteration-1/checkpoints/held-out-4.json",
        "iteration-1/retrain/chosen.json",
        "iteration-1/retrain/rollouts/part-00000.arrow",
        "iteration-1/retrain/rollouts.json",
        "iteration-1/retrain/pairs.arrow",
        "iteration-1/evaluation.json"
      })
  void aSmallFileOrTableIsMadeAgain(String name) throws IOException {
    for (Damage damage : Damage.values()) {
      Path file = copy(name + damage).resolve(name);
      damage.doTo(file);
      requireMadeAgain(file);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TRUNCATED", "EMPTIED"})
  void aModelOfAnotherSizeIsMadeAgainFromItsCheckpoint(Damage damage) throws IOException {
    Path model = copy("model" + damage).resolve("iteration-1/model");
    damage.doTo(model.resolve("weights-00001-of-00001.arrow"));
    requireMadeAgain(model);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "weights-00001-of-00001.arrow",
        "weights.index.json",
        "config.json",
        "tokenizer.model",
        "manifest.json"
      })
  void aModelWithAFlippedBitIsMadeAgainWhenItIsUsed(String name) throws IOException {
    Path model = copy("model+" + name).resolve("iteration-1/model");
    Damage.FLIPPED_BIT.doTo(model.resolve(name));
    Files.delete(folder.evaluation(1));
    requireMadeAgain(model);
  }

  @ParameterizedTest
  @CsvSource({
    "weights-00001-of-00001.arrow, FLIPPED_BIT",
    "optimizer-00001-of-00001.arrow, FLIPPED_BIT",
    "state.json, FLIPPED_BIT",
    "manifest.json, EMPTIED",
    "optimizer-00001-of-00001.arrow, TRUNCATED"
  })
  void theLastCheckpointIsMadeAgainFromTheOneBeforeIt(String name, Damage damage)
      throws IOException {
    Path root = copy("last+" + name + damage);
    Path last = folder.training(1).checkpoint(6);
    damage.doTo(last.resolve(name));
    delete(root.resolve("iteration-1/model"));
    delete(root.resolve("iteration-1/retrain"));
    Files.delete(folder.heldOut(1, 6));
    Files.delete(folder.evaluation(1));
    requireMadeAgain(last);
  }

  @Test
  void aTrainingWhoseLastCheckpointIsDamagedGoesOnFromTheLastGoodOneWithItsMetricsCut()
      throws IOException {
    Path root = copy("unfinished");
    Path last = folder.training(1).checkpoint(4);
    Damage.FLIPPED_BIT.doTo(last.resolve("weights-00001-of-00001.arrow"));
    delete(root.resolve("iteration-1/model"));
    delete(root.resolve("iteration-1/retrain"));
    delete(folder.training(1).checkpoint(6));
    for (int step : new int[] {2, 4, 6}) {
      Files.delete(folder.heldOut(1, step));
    }
    Files.delete(folder.evaluation(1));
    requireMadeAgain(last);
  }

  @Test
  void aTrainingWithoutAnyGoodCheckpointBeginsAnew() throws IOException {
    Path root = copy("none");
    delete(root.resolve("iteration-1/model"));
    delete(root.resolve("iteration-1/retrain"));
    for (int step : new int[] {2, 4, 6}) {
      Damage.FLIPPED_BIT.doTo(folder.training(1).checkpoint(step).resolve("state.json"));
      Files.delete(folder.heldOut(1, step));
    }
    run();
    assertEquals(expected, RunContents.of(folder.root()));
    assertEquals(3, DamagedFiles.in(root).size());
    assertEquals(3, warnings.size(), warnings.toString());
  }

  @Test
  void anEarlierCheckpointIsMadeAgainAndLaterOnesAndMetricsStay() throws IOException {
    Path root = copy("earlier");
    byte[] metrics = Files.readAllBytes(folder.training(1).metrics());
    Path first = folder.training(1).checkpoint(2);
    Damage.FLIPPED_BIT.doTo(first.resolve("weights-00001-of-00001.arrow"));
    Files.delete(folder.heldOut(1, 2));
    delete(root.resolve("iteration-1/retrain"));
    delete(root.resolve("iteration-1/model"));
    requireMadeAgain(first);
    assertTrue(Arrays.equals(metrics, Files.readAllBytes(folder.training(1).metrics())));
  }

  @Test
  void theCheckpointThatBecomesTheModelIsMadeAgain() throws IOException {
    Path root = copy("becomes");
    int step = folder.retraining(1).lastStep().orElseThrow();
    Path last = folder.retraining(1).checkpoint(step);
    Damage.FLIPPED_BIT.doTo(last.resolve("weights-00001-of-00001.arrow"));
    delete(root.resolve("iteration-1/model"));
    requireMadeAgain(last);
  }

  @ParameterizedTest
  @EnumSource
  void metricsOfAnUnfinishedTrainingAreMadeAgain(Damage damage) throws IOException {
    Path root = copy("metrics" + damage);
    Path metrics = folder.training(1).metrics();
    damage.doTo(metrics, endOfLine(metrics, 4));
    loseStep6(root);
    requireMadeAgain(metrics);
  }

  @Test
  void metricsAfterTheLastCheckpointAreMadeAgainWithoutAWord() throws IOException {
    Path root = copy("later-metrics");
    Path metrics = folder.training(1).metrics();
    byte[] bytes = Files.readAllBytes(metrics);
    bytes[Math.toIntExact(endOfLine(metrics, 4))] ^= 1;
    Files.write(metrics, bytes);
    loseStep6(root);
    run();
    assertEquals(expected, RunContents.of(folder.root()));
    assertEquals(List.of(), DamagedFiles.in(folder.root()));
    assertEquals(List.of(), warnings);
  }

  /// As if the run had stopped before the checkpoint of step 6: the last one is that of step 4.
  private void loseStep6(Path root) throws IOException {
    delete(root.resolve("iteration-1/model"));
    delete(root.resolve("iteration-1/retrain"));
    delete(folder.training(1).checkpoint(6));
    Files.delete(folder.heldOut(1, 6));
    assertEquals(Optional.of(4), folder.training(1).lastStep());
  }

  private static long endOfLine(Path file, int line) throws IOException {
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines.limit(line).mapToLong(text -> text.length() + 1).sum();
    }
  }

  @Test
  void metricsOfAFinishedTrainingAreNamedAndStay() throws IOException {
    copy("old-metrics");
    Path metrics = folder.training(1).metrics();
    Damage.FLIPPED_BIT.doTo(metrics);
    byte[] damaged = Files.readAllBytes(metrics);
    run();
    assertEquals(1, warnings.size(), warnings.toString());
    assertTrue(
        warnings.getFirst().startsWith(metrics + ": is damaged (line "), warnings.toString());
    assertEquals(List.of(), DamagedFiles.in(folder.root()));
    assertTrue(Arrays.equals(damaged, Files.readAllBytes(metrics)));
  }

  @Test
  void namesOfBackendsCannotBeMadeAgainAndStopTheRun() throws IOException {
    Path file = copy("backends").resolve("backends.json");
    Damage.FLIPPED_BIT.doTo(file);
    String message = assertThrows(DamagedException.class, this::run).getMessage();
    assertTrue(message.startsWith(file + ": is damaged ("), message);
    assertTrue(message.endsWith("put a copy of it back, or delete it"), message);
    assertFalse(Files.exists(file.resolveSibling("backends.json.damaged")));
  }

  @Test
  void aStartIsNotedWhereThereIsWorkToDo() throws IOException {
    StartsFile starts = StartsFile.in(copy("starts"));
    run();
    assertEquals(1, starts.all().size(), "that of the whole run");
    Files.delete(folder.evaluation(1));
    run();
    assertEquals(2, starts.all().size());
    assertEquals("cpu", starts.all().getLast().backend());
    assertEquals(expected, RunContents.of(folder.root()));
  }

  @Test
  void twoDamagedFilesAreMadeAgain() throws IOException {
    Path root = copy("two");
    Damage.FLIPPED_BIT.doTo(root.resolve("iteration-1/rollouts/part-00000.arrow"));
    Damage.EMPTIED.doTo(root.resolve("iteration-1/pairs.arrow"));
    Damage.TRUNCATED.doTo(root.resolve("iteration-1/retrain/rollouts.json"));
    run();
    assertEquals(expected, RunContents.of(root));
    assertEquals(3, DamagedFiles.in(root).size());
  }
}
