package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingFolderTest {
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with("train.steps=7", "train.batchSize=2", "optimizer.learningRate=1e-3");

  @TempDir private Path temporary;

  /// Trains, and stops after a step; 0 never.
  private static void sft(Backend backend, TrainingFolder folder, int stopAfter)
      throws IOException {
    sft(CONFIG, backend, folder, stopAfter);
  }

  private static void sft(RunConfig config, Backend backend, TrainingFolder folder, int stopAfter)
      throws IOException {
    LanguageModel model = TestData.tinyModel(backend);
    StoppedTraining.run(config, backend, model, folder, new LinkedHashMap<>(), stopAfter);
  }

  @Test
  void aStoppedSupervisedTrainingEndsInTheFilesOfOneThatWasNot() throws IOException {
    TrainingFolder whole =
        new TrainingFolder(temporary.resolve("whole"), temporary.resolve("start"));
    TrainingFolder stopped =
        new TrainingFolder(temporary.resolve("stopped"), temporary.resolve("start"));
    try (Backend backend = new CpuBackend(1)) {
      sft(backend, whole, 0);
      for (int step : new int[] {2, 3, 5, 7}) {
        assertThrows(IOException.class, () -> sft(backend, stopped, step));
        assertFalse(Files.exists(stopped.model()));
      }
      assertEquals(Optional.of(6), stopped.lastStep());
      sft(backend, stopped, 0);
    }
    StoppedTraining.requireSame(whole, stopped);
    assertEquals(7, Files.readAllLines(whole.metrics()).size());
  }

  @Test
  void checkpointsAreWrittenForEveryReasonAndAtTheEnd() {
    int[] every = {4, 0, 6};
    int[] stops =
        IntStream.iterate(0, step -> step < 10, step -> CheckpointPlan.nextStop(step, 10, every))
            .toArray();
    assertEquals(List.of(0, 4, 6, 8), IntStream.of(stops).boxed().toList());
    assertEquals(10, CheckpointPlan.nextStop(8, 10, every));
  }

  @Test
  void theLastCheckpointIsTheOneWithTheMostStepsNotTheLastByName() throws IOException {
    TrainingFolder folder = new TrainingFolder(temporary, temporary.resolve("start"));
    assertEquals(Optional.empty(), folder.lastStep());
    for (int step : new int[] {9, 100, 25}) {
      Files.createDirectories(folder.checkpoint(step));
    }
    Files.createDirectories(folder.checkpoints().resolve("step-200.partial-1-1"));
    assertEquals(Optional.of(100), folder.lastStep());
  }

  /// Names of what is in the folder of checkpoints.
  private static List<String> checkpoints(TrainingFolder folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder.checkpoints())) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private TrainingFolder folder(String name) {
    return new TrainingFolder(temporary.resolve(name), temporary.resolve("start"));
  }

  @Test
  void aDamagedLastCheckpointIsKeptAsideAndTheOneBeforeItTaken() throws IOException {
    TrainingFolder whole = folder("whole");
    TrainingFolder damaged = folder("damaged");
    try (Backend backend = new CpuBackend(1)) {
      sft(backend, whole, 0);
      assertThrows(IOException.class, () -> sft(backend, damaged, 7));
      Path state = damaged.checkpoint(6).resolve("state.json");
      Files.writeString(state, Files.readString(state).replace("6", "7"));
      sft(backend, damaged, 0);
    }
    StoppedTraining.requireSame(whole, damaged);
    assertEquals(List.of("step-3", "step-6", "step-6.damaged", "step-7"), checkpoints(damaged));
  }

  @Test
  void metricsThatEndBeforeTheLastCheckpointSendTheTrainingBack() throws IOException {
    TrainingFolder whole = folder("whole");
    TrainingFolder damaged = folder("damaged");
    try (Backend backend = new CpuBackend(1)) {
      sft(backend, whole, 0);
      assertThrows(IOException.class, () -> sft(backend, damaged, 7));
      List<String> lines = Files.readAllLines(damaged.metrics());
      String fifthDamaged = lines.get(4).replace("loss", "lost");
      Files.writeString(
          damaged.metrics(), String.join("\n", lines.subList(0, 4)) + "\n" + fifthDamaged + "\n");
      sft(backend, damaged, 0);
    }
    StoppedTraining.requireSame(whole, damaged);
    assertTrue(Files.readString(damaged.root().resolve("metrics.jsonl.damaged")).contains("lost"));
    assertEquals(List.of("step-3", "step-6", "step-7"), checkpoints(damaged));
  }

  @Test
  void theNewestCheckpointsStayAndTheResultIsTheSame() throws IOException {
    TrainingFolder whole = folder("whole");
    try (Backend backend = new CpuBackend(1)) {
      sft(backend, whole, 0);
      for (int keep = 1; keep <= 3; keep++) {
        TrainingFolder pruned = folder("pruned-" + keep);
        RunConfig config = CONFIG.with("train.keepCheckpoints=" + keep);
        for (int stop : new int[] {4, 7}) {
          assertThrows(IOException.class, () -> sft(config, backend, pruned, stop));
        }
        sft(config, backend, pruned, 0);
        StoppedTraining.requireSame(whole, pruned);
        List<String> all = List.of("step-3", "step-6", "step-7");
        assertEquals(all.subList(3 - keep, 3), checkpoints(pruned));
      }
    }
  }

  @Test
  void whatIsNeededIsNoSurplusHoweverOld() {
    CheckpointPlan plan =
        new CheckpointPlan(new TreeSet<>(Set.of(2, 4, 6, 8)), new TreeSet<>(Set.of(4, 8)), 1);
    assertEquals(Set.of(2), plan.surplus(new TreeSet<>(Set.of(2, 4, 6))));
    assertEquals(Set.of(2, 6), plan.surplus(new TreeSet<>(Set.of(2, 4, 6, 8))));
    assertEquals(Set.of(), plan.surplus(new TreeSet<>(Set.of(2))), "the last good one");
    CheckpointPlan all = new CheckpointPlan(plan.stops(), plan.needed(), 0);
    assertEquals(Set.of(), all.surplus(new TreeSet<>(Set.of(2, 4, 6, 8))));
  }

  @Test
  void aFinishedTrainingIsRefused() throws IOException {
    TrainingFolder folder = new TrainingFolder(temporary, temporary.resolve("start"));
    folder.requireUnfinished();
    Files.createDirectories(folder.model());
    String message =
        assertThrows(FileAlreadyExistsException.class, folder::requireUnfinished).getMessage();
    assertTrue(message.startsWith(folder.model() + ": "), message);
  }

  @Test
  void aTrainingOfOtherDataIsNotGoneOnWith() throws IOException {
    TrainingFolder folder =
        new TrainingFolder(temporary.resolve("training"), temporary.resolve("start"));
    Path data = Files.writeString(temporary.resolve("data.jsonl"), "one");
    Path model = Files.createDirectories(temporary.resolve("model"));
    Files.writeString(model.resolve("config.json"), "{}");
    SequencedMap<String, Path> inputs = new LinkedHashMap<>();
    inputs.put("--model", model);
    inputs.put("--data", data);
    open(folder, inputs);
    open(folder, inputs);
    Files.writeString(data, "two");
    String otherData = refusal(folder, inputs);
    assertTrue(otherData.startsWith("--data " + data + ": "), otherData);
    Files.writeString(data, "one");
    Files.writeString(model.resolve("weights"), "");
    String otherModel = refusal(folder, inputs);
    assertTrue(otherModel.startsWith("--model " + model + ": "), otherModel);
    inputs.remove("--data");
    String otherOptions = refusal(folder, inputs);
    assertTrue(otherOptions.contains("--model --data, not --model;"), otherOptions);
  }

  private static void open(TrainingFolder folder, SequencedMap<String, Path> inputs)
      throws IOException {
    try (FolderLock lock = ConfigFile.lock(folder.root())) {
      folder.open(CONFIG, inputs, lock);
    }
  }

  private static String refusal(TrainingFolder folder, SequencedMap<String, Path> inputs) {
    return assertThrows(IllegalArgumentException.class, () -> open(folder, inputs)).getMessage();
  }
}
