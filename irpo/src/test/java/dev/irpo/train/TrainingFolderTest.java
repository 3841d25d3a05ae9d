package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
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
import java.util.stream.IntStream;
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
    LanguageModel model = TestData.tinyModel(backend);
    StoppedTraining.run(CONFIG, backend, model, folder, new LinkedHashMap<>(), stopAfter);
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
        IntStream.iterate(0, step -> step < 10, step -> TrainingFolder.nextStop(step, 10, every))
            .toArray();
    assertEquals(List.of(0, 4, 6, 8), IntStream.of(stops).boxed().toList());
    assertEquals(10, TrainingFolder.nextStop(8, 10, every));
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
    folder.open(CONFIG, inputs);
    folder.open(CONFIG, inputs);
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

  private static String refusal(TrainingFolder folder, SequencedMap<String, Path> inputs) {
    return assertThrows(IllegalArgumentException.class, () -> folder.open(CONFIG, inputs))
        .getMessage();
  }
}
