package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.files.DamagedFiles;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A run that several processes share ends as that of one.
class SharedRunTest {
  private static final RunConfig CONFIG = SmallRun.CONFIG.with("train.reproducible=true");
  private static final RunConfig DIVIDED = CONFIG.with("train.zeroStage=3");

  @TempDir private Path temporary;

  private Path run(String name, int processes, RunConfig config) throws IOException {
    Path root = temporary.resolve(name);
    try (Backend cpu = new CpuBackend(1)) {
      if (!Files.exists(root)) {
        SmallRun.begin(config, cpu, root);
      }
    }
    InProcess.run(processes, group -> work(root, group, config));
    return root;
  }

  private static boolean work(Path root, Group group, RunConfig config) throws IOException {
    try (Backend cpu = new CpuBackend(1)) {
      RunFolder folder = new RunFolder(root);
      new IterationLoop(config, folder, cpu, group, Progress.NONE, Optional.empty()).run();
      return true;
    }
  }

  /// Checksums of all files but optimizer shards, which are divided otherwise, with metrics without
  /// their speed.
  private static Map<String, String> contents(Path root) throws IOException {
    Map<String, String> contents = new TreeMap<>(RunContents.of(root));
    contents
        .keySet()
        .removeIf(name -> name.contains("optimizer-") || name.endsWith("manifest.json"));
    return contents;
  }

  @Test
  void reproducibleRunsHaveTheSameFilesForAnyNumberOfProcesses() throws IOException {
    Map<String, String> alone = contents(run("one", 1, CONFIG));
    assertTrue(alone.keySet().stream().anyMatch(name -> name.endsWith("part-00000.arrow")));
    assertEquals(alone, contents(run("two", 2, CONFIG)));
    assertEquals(alone, contents(run("three", 3, CONFIG)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"all", "layers:1"})
  void parametersMayBeDividedToo(String trained) throws IOException {
    RunConfig config = DIVIDED.with("train.parameters=" + trained);
    Map<String, String> alone = contents(run("one", 1, config));
    assertEquals(alone, contents(run("two", 2, config)));
    assertEquals(alone, contents(run("three", 3, config)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sampling", "iteration"})
  void adaptersMayBeDividedAndMergedToo(String merge) throws IOException {
    RunConfig config = DIVIDED.with("iterations=2", "adapter.rank=2", "adapter.merge=" + merge);
    Map<String, String> alone = contents(run("one", 1, config));
    assertEquals(alone, contents(run("two", 2, config)));
    RunConfig whole = config.with("train.zeroStage=1");
    assertEquals(
        alone.get("iteration-2/model/weights-00001-of-00001.arrow"),
        contents(run("whole", 1, whole)).get("iteration-2/model/weights-00001-of-00001.arrow"));
  }

  @Test
  void dividedParametersAreResumedByAnotherNumberOfProcesses() throws IOException {
    Map<String, String> alone = contents(run("whole", 1, DIVIDED));
    RunFolder folder = new RunFolder(run("changed", 3, DIVIDED));
    TrainingFolder training = folder.retraining(1);
    RunContents.delete(training.checkpoint(training.lastStep().orElseThrow()));
    RunContents.delete(folder.model(1));
    Files.delete(folder.evaluation(1));
    assertEquals(alone, contents(run("changed", 2, DIVIDED)));
  }

  @Test
  void aCheckpointOfThreeProcessesIsResumedByTwo() throws IOException {
    Map<String, String> alone = contents(run("whole", 1, CONFIG));
    Path root = run("changed", 3, CONFIG);
    TrainingFolder training = new RunFolder(root).retraining(1);
    Path last = training.checkpoint(training.lastStep().orElseThrow());
    assertTrue(Files.exists(last.resolve("optimizer-00003-of-00003.arrow")));
    RunContents.delete(last);
    RunContents.delete(new RunFolder(root).model(1));
    Files.delete(new RunFolder(root).evaluation(1));
    assertEquals(alone, contents(run("changed", 2, CONFIG)));
    assertTrue(Files.exists(last.resolve("optimizer-00002-of-00002.arrow")));
    assertFalse(Files.exists(last.resolve("optimizer-00003-of-00003.arrow")));
  }

  @ParameterizedTest
  @CsvSource({
    "parameterType=bf16, 3, all",
    "parameterType=f16, 2, layers:1",
    "precision=bf16, 2, all"
  })
  void parametersOf16BitsGiveTheSameFilesForAnyNumberOfProcessesAndWhenResumed(
      String type, int stage, String trained) throws IOException {
    RunConfig config =
        CONFIG.with("train." + type, "train.zeroStage=" + stage, "train.parameters=" + trained);
    RunFolder one = new RunFolder(run("one", 1, config));
    Map<String, String> alone = contents(one.root());
    assertEquals(alone, contents(run("two", 2, config)));
    RunFolder folder = new RunFolder(run("three", 3, config));
    assertEquals(alone, contents(folder.root()));
    TrainingFolder training = folder.retraining(1);
    RunContents.delete(training.checkpoint(training.lastStep().orElseThrow()));
    RunContents.delete(folder.model(1));
    Files.delete(folder.evaluation(1));
    assertEquals(alone, contents(run("three", 2, config)));
    JsonNode first =
        new ObjectMapper().readTree(Files.readAllLines(one.training(1).metrics()).getFirst());
    assertEquals(
        (float) Math.log(2), first.get("dpo").doubleValue(), "the policy is the reference");
    requireHas(one.model(1), DType.valueOf(config.train().roundedTo().name()));
    for (int step : List.of(4, 6)) {
      requireHas(
          one.training(1).checkpoint(step), DType.valueOf(config.train().roundedTo().name()));
    }
  }

  /// Fails unless all numbers of a model in single precision are those of a type.
  private static void requireHas(Path model, DType type) throws IOException {
    try (StoredModel stored = ModelFormats.open(model)) {
      for (StoredTensor tensor : stored.tensors().values()) {
        assertEquals(DType.F32, tensor.dtype());
        Buffer values = Buffer.allocate(DType.F32, tensor.shape().numElements());
        tensor.content().read(0, values.segment());
        for (float value : values.toFloatArray()) {
          assertEquals(HalfPrecision.rounded(type, value), value, tensor.name());
        }
      }
    }
  }

  @Test
  void damagedFilesAreMadeAgainByAllProcesses() throws IOException {
    Map<String, String> alone = contents(run("whole", 1, CONFIG));
    RunFolder folder = new RunFolder(run("damaged", 2, CONFIG));
    Damage.FLIPPED_BIT.doTo(folder.rollouts(1).part(0));
    Damage.EMPTIED.doTo(folder.rollouts(1).counts());
    TrainingFolder training = folder.retraining(1);
    Path last = training.checkpoint(training.lastStep().orElseThrow());
    Damage.FLIPPED_BIT.doTo(last.resolve("optimizer-00002-of-00002.arrow"));
    Damage.FLIPPED_BIT.doTo(folder.model(1).resolve("weights-00001-of-00001.arrow"));
    Files.delete(folder.evaluation(1));
    assertEquals(alone, contents(run("damaged", 2, CONFIG)));
    assertEquals(4, DamagedFiles.in(folder.root()).size());
  }

  @Test
  void rolloutsAreThoseOfOneProcessWhateverSumsAreLike() throws IOException {
    RunFolder one = new RunFolder(run("plain", 1, SmallRun.CONFIG));
    RunFolder two = new RunFolder(run("shared", 2, SmallRun.CONFIG));
    for (RolloutFolder folder : List.of(one.rollouts(1), one.retrainRollouts(1))) {
      Path file = folder.part(0);
      Path other = two.root().resolve(one.root().relativize(file));
      assertEquals(-1, Files.mismatch(file, other));
    }
    assertEquals(
        -1,
        Files.mismatch(one.evaluation(0), two.evaluation(0)),
        "M_0 does not depend on training");
  }
}
