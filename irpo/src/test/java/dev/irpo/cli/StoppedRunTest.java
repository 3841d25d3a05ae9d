package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.run.IterationLoop;
import dev.irpo.run.Progress;
import dev.irpo.run.RunContents;
import dev.irpo.run.RunFolder;
import dev.irpo.run.SmallRun;
import dev.irpo.run.StartModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.disk.Change;
import dev.irpo.testdata.disk.Sweep;
import dev.irpo.train.ConfigFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that is stopped at changes of its files, by a kill and by the loss of what was not on the
/// disk, or finds the disk full there, ends in the files of one that nothing stopped. At each of
/// its changes in the [LongForm].
class StoppedRunTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=1",
          "task.trainProblems=6",
          "task.heldOutProblems=2",
          "task.testProblems=1",
          "train.steps=3",
          "train.checkpointEverySteps=1",
          "train.evaluateEverySteps=2",
          "train.keepCheckpoints=1",
          "evaluate.majoritySamples=0");
  private static final int SOME = 149;

  private static Backend backend;

  @TempDir private static Path source;
  @TempDir private Path temporary;

  @BeforeAll
  static void begin() throws IOException {
    backend = new CpuBackend(2);
    TestData.tinyModel(backend).save(source.resolve("model"));
  }

  @AfterAll
  static void end() {
    backend.close();
  }

  /// What `irpo run` does.
  private static void run(Path root) throws IOException {
    try (FolderLock lock = new FolderLock(root)) {
      lock.takeIfThere(ConfigFile.NAME);
      RunFolder folder = new RunFolder(root);
      StartModel start = new StartModel(folder);
      boolean isCopied = start.isWanted(new SeenChecksums());
      folder.open(CONFIG, lock);
      if (isCopied) {
        try (StoredModel model = ModelFormats.open(source.resolve("model"))) {
          ArrowModelWriter.keepingTypes().write(folder.startModel(), model);
        }
        start.requireSame("the tiny model");
      }
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();
    }
  }

  private Sweep sweep(Sweep.Work prepare) throws IOException {
    int every = LongForm.isAskedFor() ? 1 : SOME;
    return new Sweep(temporary, prepare, StoppedRunTest::run, RunContents::of, every);
  }

  @Test
  void aStoppedRunEndsInTheSameFiles() throws IOException {
    Sweep sweep = sweep(_ -> {});
    Set<String> written = new TreeSet<>();
    for (Change change : sweep.changes()) {
      if (change instanceof Change.Rename rename) {
        written.add(rename.to().getFileName().toString().replaceAll("[0-9]+", "N"));
      }
    }
    List<String> all =
        List.of(
            "backends.json",
            "chosen.json",
            "config.yaml",
            "dropped.jsonl",
            "evaluation.json",
            "events.out.tfevents.N.irpo",
            "events.out.tfevents.irpo",
            "held-out-N.json",
            "metrics.jsonl",
            "model",
            "pairs.arrow",
            "part-N.arrow",
            "rollouts.json",
            "starts.jsonl",
            "step-N");
    assertTrue(written.containsAll(all), written.toString());
    sweep.stopEverywhere();
    if (LongForm.isAskedFor()) {
      System.out.println("stopped at each of " + sweep.changes().size() + " changes");
    }
  }

  @Test
  void aRunWhoseDiskIsFullSaysSoAndEndsInTheSameFilesOnceThereIsRoom() throws IOException {
    sweep(_ -> {}).fillEverywhere(Main::describe);
  }

  @Test
  void aRunInAReadOnlyFolderSaysSo() throws IOException {
    sweep(_ -> {}).refuseEverything(Main::describe);
  }

  @Test
  void aStoppedRepairEndsInTheSameFiles() throws IOException {
    Sweep.Work damaged =
        folder -> {
          run(folder);
          RunFolder run = new RunFolder(folder);
          flip(run.rollouts(1).pairs());
          flip(run.retrainRollouts(1).part(0));
          flip(run.model(1).resolve("config.json"));
          Files.delete(run.evaluation(1));
        };
    Sweep sweep = sweep(damaged);
    assertEquals(3, DamagedFiles.in(temporary.resolve("whole")).size());
    sweep.stopEverywhere();
    sweep.fillEverywhere(Main::describe);
  }

  private static void flip(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes, StandardOpenOption.TRUNCATE_EXISTING);
  }
}
