package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.parallel.Replicas;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Checkpoints of a training whose parameters are rounded, at steps 3, 6 and 7.
class RoundedCheckpointTest {
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with("train.steps=7", "train.batchSize=2", "optimizer.learningRate=1e-3");

  @TempDir private Path temporary;
  private Backend backend;

  @BeforeEach
  void open() {
    backend = new CpuBackend(1);
  }

  @AfterEach
  void close() {
    backend.close();
  }

  /// The tiny model, rounded to what a configuration trains.
  private Path start(RunConfig config) throws IOException {
    DType type = Schedules.parameterType(config.train());
    Path path = temporary.resolve("start-" + type);
    if (!Files.exists(path)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      if (type.isHalf()) {
        TestData.round(tiny, type);
      }
      tiny.save(path);
    }
    return path;
  }

  private void sft(RunConfig config, TrainingFolder folder, int stopAfter) throws IOException {
    sft(backend, config, folder, stopAfter);
  }

  private static void sft(Backend backend, RunConfig config, TrainingFolder folder, int stopAfter)
      throws IOException {
    LanguageModel model =
        Training.open(config, backend, Replicas.alone(), folder.start(), Optional.empty());
    StoppedTraining.run(config, backend, model, folder, new LinkedHashMap<>(), stopAfter);
  }

  @ParameterizedTest
  @CsvSource({
    "parameterType=bf16, all",
    "parameterType=f16, all",
    "parameterType=bf16, layers:1",
    "precision=bf16, all",
    "precision=bf16, layers:1"
  })
  void aStoppedTrainingEndsInTheBytesOfOneThatWasNot(String type, String trained)
      throws IOException {
    RunConfig config = CONFIG.with("train." + type, "train.parameters=" + trained);
    TrainingFolder whole = new TrainingFolder(temporary.resolve("whole"), start(config));
    TrainingFolder stopped = new TrainingFolder(temporary.resolve("stopped"), start(config));
    sft(config, whole, 0);
    for (int step : new int[] {2, 3, 5, 7}) {
      assertThrows(IOException.class, () -> sft(config, stopped, step));
      assertFalse(Files.exists(stopped.model()));
    }
    sft(config, stopped, 0);
    StoppedTraining.requireSame(whole, stopped);
  }

  @Test
  @Tag("device")
  void aStoppedTrainingOnADeviceDoesSoTooAndEitherReadsTheCheckpointsOfTheOther()
      throws IOException {
    RunConfig config = CONFIG.with("train.precision=bf16");
    TrainingFolder whole = new TrainingFolder(temporary.resolve("whole"), start(config));
    TrainingFolder stopped = new TrainingFolder(temporary.resolve("stopped"), start(config));
    TrainingFolder onCpu = new TrainingFolder(temporary.resolve("onCpu"), start(config));
    assertThrows(IOException.class, () -> sft(config, onCpu, 5));
    try (Backend device = TestData.device((done, total) -> {})) {
      assertThrows(IOException.class, () -> sft(device, config, stopped, 5));
      for (TrainingFolder begun : List.of(stopped, onCpu)) {
        assertArrayEquals(resumed(device, config, begun), resumed(backend, config, begun));
      }
      sft(device, config, stopped, 0);
      sft(device, config, whole, 0);
    }
    StoppedTraining.requireSame(whole, stopped);
  }

  /// What programs read after a training was resumed from its last checkpoint.
  private static float[] resumed(Backend backend, RunConfig config, TrainingFolder folder)
      throws IOException {
    LanguageModel model =
        Training.open(config, backend, Replicas.alone(), folder.start(), Optional.empty());
    SupervisedTraining training = StoppedTraining.training(config, backend, model);
    CheckpointPlan plan =
        CheckpointPlan.of(
            training.totalSteps(), config.with("train.checkpointEverySteps=3").train());
    assertTrue(folder.resume(training, plan, new SeenChecksums()) > 0);
    return model.parameters().flat().toFloatArray();
  }

  @Test
  void aCheckpointHasMastersBesideTheMoments() throws IOException {
    RunConfig config = CONFIG.with("train.parameterType=bf16");
    TrainingFolder single = new TrainingFolder(temporary.resolve("single"), start(CONFIG));
    TrainingFolder half = new TrainingFolder(temporary.resolve("half"), start(config));
    sft(CONFIG, single, 0);
    sft(config, half, 0);
    String file = "optimizer-00001-of-00001.arrow";
    long moments = Files.size(single.checkpoint(3).resolve(file));
    long withMasters = Files.size(half.checkpoint(3).resolve(file));
    assertEquals(1.5, withMasters / (double) moments, 0.01);
  }

  @Test
  void aCheckpointIsNotResumedInAnotherType() throws IOException {
    RunConfig half = CONFIG.with("train.parameterType=bf16");
    for (boolean beginsInHalf : new boolean[] {false, true}) {
      RunConfig begun = beginsInHalf ? half : CONFIG;
      RunConfig other = beginsInHalf ? CONFIG : half;
      Path root = temporary.resolve("begun-" + begun.train().parameterType());
      TrainingFolder folder = new TrainingFolder(root, start(half));
      assertThrows(IOException.class, () -> sft(begun, folder, 5));
      String configured =
          assertThrows(IllegalArgumentException.class, () -> sft(other, folder, 0)).getMessage();
      assertTrue(configured.contains("parameterType"), configured);
      SupervisedTraining training =
          StoppedTraining.training(other, backend, TestData.open(backend, folder.start()));
      CheckpointPlan plan = CheckpointPlan.of(training.totalSteps(), other.train());
      String refusal =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> folder.resume(training, plan, new SeenChecksums()))
              .getMessage();
      assertTrue(
          refusal.contains("optimizer-00001-of-00001.arrow: ") && refusal.contains("'master'"),
          refusal);
    }
  }

  @Test
  void aStartThatIsNotRoundedIsRefusedUnlessTheTrainingResumes() throws IOException {
    RunConfig config = CONFIG.with("train.parameterType=f16");
    Path single = start(CONFIG);
    TrainingFolder folder = new TrainingFolder(temporary.resolve("trained"), single);
    String refusal =
        assertThrows(
                IllegalArgumentException.class,
                () -> RoundedStart.require(config, folder, single, Optional.empty()))
            .getMessage();
    assertTrue(
        refusal.startsWith(single + ": tensor 'model.embed_tokens.weight' has ")
            && refusal.contains(" where f16 has ")
            && refusal.contains(", and train.parameterType=f16 begins with numbers of the type")
            && refusal.endsWith("(bin/irpo convert --dtype f16), or train in f32"),
        refusal);
    String late =
        assertThrows(IllegalArgumentException.class, () -> sft(config, folder, 0)).getMessage();
    assertEquals(refusal, single + ": " + late);
    RunConfig half = CONFIG.with("train.precision=bf16");
    String ofHalf =
        assertThrows(
                IllegalArgumentException.class,
                () -> RoundedStart.require(half, folder, single, Optional.empty()))
            .getMessage();
    assertTrue(ofHalf.contains(", and train.precision=bf16 begins with numbers"), ofHalf);
    RoundedStart.require(CONFIG, folder, single, Optional.empty());

    RunConfig norms = config.with("train.parameters=*norm.weight");
    RoundedStart.require(norms, folder, single, Optional.empty()); // ones

    Path rounded = start(config);
    RoundedStart.require(config, folder, rounded, Optional.empty());
    TrainingFolder begun = new TrainingFolder(temporary.resolve("begun"), rounded);
    assertThrows(IOException.class, () -> sft(config, begun, 5));
    RoundedStart.require(config, begun, single, Optional.empty());
    try (StoredModel stored = ModelFormats.open(begun.checkpoint(3))) {
      RoundedStart.require(config, stored); // what a training shows is rounded
    }
  }
}
