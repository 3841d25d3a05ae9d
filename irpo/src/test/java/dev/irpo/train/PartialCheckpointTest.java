package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TensorSummary;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checkpoints of a training of the output head alone, with checkpoints at steps 3, 6 and 7.
class PartialCheckpointTest {
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with(
              "train.parameters=head",
              "train.steps=7",
              "train.batchSize=2",
              "optimizer.learningRate=1e-3");
  private static final String WEIGHTS = "weights-00001-of-00001.arrow";

  /// Headers, directory and footer of an Arrow file of one tensor.
  private static final long OVERHEAD = 4096;

  @TempDir private Path temporary;
  private Backend backend;
  private Path start;

  @BeforeEach
  void writeStart() throws IOException {
    backend = new CpuBackend(1);
    start = temporary.resolve("start");
    randomModel(3).save(start);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  /// A model with a head of its own.
  private LanguageModel randomModel(long seed) {
    LanguageModel tiny = TestData.tinyModel(backend);
    LlamaConfig tied = tiny.config();
    LlamaConfig config =
        new LlamaConfig(
            tied.vocabSize(), 32, 64, 2, 4, 2, 8, 256, 10000, 1e-5, false, 1, List.of(2));
    var json = tiny.huggingFaceConfig().deepCopy().put("tie_word_embeddings", false);
    return new LanguageModel(
        config,
        json,
        Parameters.random(backend, config, seed),
        tiny.optionalText(),
        tiny.tokenizerFiles());
  }

  private TrainingFolder folder(String name) {
    return new TrainingFolder(temporary.resolve(name), start);
  }

  /// Trains, and stops after a step; 0 never.
  private void sft(TrainingFolder folder, int stopAfter) throws IOException {
    LanguageModel model = TestData.open(backend, folder.start());
    SequencedMap<String, Path> inputs = new LinkedHashMap<>();
    inputs.put("--model", folder.start());
    StoppedTraining.run(CONFIG, backend, model, folder, inputs, stopAfter);
  }

  private static List<TensorSummary> tensors(Path model) throws IOException {
    try (StoredModel stored = ModelFormats.open(model)) {
      return stored.summaries();
    }
  }

  @Test
  void aCheckpointHoldsTheHeadAndItsMomentsAlone() throws IOException {
    TrainingFolder folder = folder("trained");
    sft(folder, 0);
    Path checkpoint = folder.checkpoint(3);
    try (StoredModel own = ModelFormats.openWithoutBase(checkpoint)) {
      assertEquals(Set.of(LlamaConfig.HEAD), own.tensors().keySet());
    }
    long head = 400 * 32 * Float.BYTES;
    long weights = Files.size(checkpoint.resolve(WEIGHTS));
    long moments = Files.size(checkpoint.resolve("optimizer-00001-of-00001.arrow"));
    assertTrue(weights >= head && weights < head + OVERHEAD, weights + " of " + head);
    assertTrue(moments >= 2 * head && moments < 2 * head + OVERHEAD, moments + " of " + 2 * head);
    assertTrue(Files.size(folder.model().resolve(WEIGHTS)) > 3 * head);
  }

  @Test
  void aStoppedTrainingEndsInTheBytesOfOneThatWasNot() throws IOException {
    TrainingFolder whole = folder("whole");
    TrainingFolder stopped = folder("stopped");
    sft(whole, 0);
    for (int step : new int[] {2, 3, 5, 7}) {
      assertThrows(IOException.class, () -> sft(stopped, step));
      assertFalse(Files.exists(stopped.model()));
    }
    sft(stopped, 0);
    StoppedTraining.requireSame(whole, stopped);
  }

  @Test
  void aCheckpointIsAModelLikeTheFinishedOne() throws IOException {
    TrainingFolder folder = folder("trained");
    sft(folder, 0);
    List<TensorSummary> last = tensors(folder.checkpoint(7));
    assertEquals(tensors(folder.model()), last);
    List<TensorSummary> before = tensors(start);
    assertEquals(before.size(), last.size());
    for (int i = 0; i < before.size(); i++) {
      boolean isTrained = before.get(i).name().equals(LlamaConfig.HEAD);
      assertEquals(!isTrained, before.get(i).equals(last.get(i)), before.get(i).name());
    }
    LanguageModel replaced = randomModel(4);
    try (StoredModel stored = ModelFiles.open(folder.checkpoint(3), Optional.empty())) {
      replaced.replaceWeights(stored, new SeenChecksums());
    }
    replaced.save(temporary.resolve("replaced"));
    assertEquals(tensors(folder.checkpoint(3)), tensors(temporary.resolve("replaced")));
    assertNotEquals(tensors(folder.checkpoint(3)), last);
  }

  @Test
  void itResumesWhereTheSameModelIsElsewhereAndNotWithAnother() throws IOException {
    TrainingFolder folder = folder("trained");
    assertThrows(IOException.class, () -> sft(folder, 5));
    Path elsewhere = temporary.resolve("else").resolve("where");
    Files.createDirectories(elsewhere.getParent());
    Files.move(start, elsewhere);
    randomModel(5).save(start);
    SupervisedTraining other =
        StoppedTraining.training(CONFIG, backend, TestData.open(backend, start));
    CheckpointPlan plan = CheckpointPlan.of(other.totalSteps(), CONFIG.train());
    String refusal =
        assertThrows(
                IllegalArgumentException.class,
                () -> folder.resume(other, plan, new SeenChecksums()))
            .getMessage();
    String file = folder.checkpoint(3).resolve("base.json").toString();
    assertTrue(refusal.startsWith(file + ": ") && refusal.contains(start.toString()), refusal);
    sft(new TrainingFolder(folder.root(), elsewhere), 0);
    assertTrue(Files.exists(folder.model()));
  }
}
