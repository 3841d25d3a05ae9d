package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.OptimizerShards;
import dev.irpo.checkpoints.arrow.ShardLayout;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.InProcess;
import dev.irpo.rollout.Rollout;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.train.Division;
import dev.irpo.train.TrainingFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A run whose processes hold the model together, each a slice of it.
class SlicedRunTest {
  private static final RunConfig WHOLE =
      SmallRun.CONFIG.with("iterations=1", "train.reproducible=true", "evaluate.majoritySamples=2");
  private static final RunConfig SLICED = WHOLE.with("compute.tensorParallel=2");

  @TempDir private Path temporary;

  private RunFolder run(String name, int processes, RunConfig config) throws IOException {
    Path root = temporary.resolve(name);
    if (!Files.exists(root)) {
      try (Backend cpu = new CpuBackend(1)) {
        var _ = SmallRun.begin(config, cpu, root);
      }
    }
    var _ = InProcess.run(processes, group -> work(root, group, config));
    return new RunFolder(root);
  }

  private static boolean work(Path root, Group group, RunConfig config) throws IOException {
    try (Backend cpu = new CpuBackend(1)) {
      RunFolder folder = new RunFolder(root);
      new IterationLoop(config, folder, cpu, group, Progress.NONE, Optional.empty()).run();
      return true;
    }
  }

  /// Checksums of all files but optimizer shards, which are divided otherwise.
  private static Map<String, String> contents(RunFolder folder) throws IOException {
    Map<String, String> contents = new TreeMap<>(RunContents.of(folder.root()));
    contents
        .keySet()
        .removeIf(name -> name.contains("optimizer-") || name.endsWith("manifest.json"));
    return contents;
  }

  @ParameterizedTest
  @CsvSource({
    "all, 1, parameterType=f32",
    "layers:1, 2, parameterType=f32",
    "all, 2, parameterType=bf16",
    "adapter, 1, parameterType=f32",
    "adapter, 1, precision=bf16"
  })
  void twoModelsOfTwoProcessesEndAsOneOfTwoAlsoWhenResumed(String trained, int stage, String type)
      throws IOException {
    RunConfig config =
        SLICED.with(
            "train.parameters=" + trained,
            "adapter.rank=" + (trained.equals("adapter") ? 4 : 0),
            "train.zeroStage=" + stage,
            "train." + type);
    Map<String, String> one = contents(run("one", 2, config));
    RunFolder two = run("two", 4, config);
    assertEquals(one, contents(two));
    TrainingFolder training = two.retraining(1);
    Path last = training.checkpoint(training.lastStep().orElseThrow());
    assertTrue(Files.exists(last.resolve("optimizer-00002-of-00002.arrow")));
    RunContents.delete(last);
    RunContents.delete(two.model(1));
    Files.delete(two.evaluation(1));
    assertEquals(one, contents(run("two", 2, config)));
  }

  @Test
  void itSamplesAndTrainsAsOneProcessWithTheWholeModel() throws IOException {
    RunFolder whole = run("whole", 1, WHOLE);
    RunFolder sliced = run("sliced", 4, SLICED);
    List<Rollout> expected = TableReader.readAll(whole.rollouts(1).part(0), Rollout::of);
    List<Rollout> found = TableReader.readAll(sliced.rollouts(1).part(0), Rollout::of);
    assertEquals(expected.size(), found.size());
    for (int i = 0; i < expected.size(); i++) {
      assertArrayEquals(expected.get(i).responseIds(), found.get(i).responseIds());
      assertArrayEquals(expected.get(i).tokenLogProbs(), found.get(i).tokenLogProbs(), 1e-5f);
    }
    int last = whole.training(1).lastStep().orElseThrow();
    Path ofWhole = whole.training(1).checkpoint(last);
    Path ofSlices = sliced.training(1).checkpoint(last);
    assertNear(weights(ofWhole), weights(ofSlices), 1e-4f);
    assertNear(moments(ofWhole, true), moments(ofSlices, true), 1e-6f);
    assertNear(moments(ofWhole, false), moments(ofSlices, false), 1e-8f);
  }

  private static void assertNear(float[] expected, float[] found, float tolerance) {
    assertTrue(expected.length > 10_000);
    assertArrayEquals(expected, found, tolerance);
  }

  private static float[] weights(Path model) throws IOException {
    try (StoredModel stored = ModelFormats.open(model);
        Arena arena = Arena.ofConfined()) {
      float[] values = new float[0];
      for (var tensor : stored.tensors().values()) {
        float[] some = tensor.inMemory(arena).data().toArray(ValueLayout.JAVA_FLOAT);
        int before = values.length;
        values = java.util.Arrays.copyOf(values, before + some.length);
        System.arraycopy(some, 0, values, before, some.length);
      }
      return values;
    }
  }

  private static float[] moments(Path checkpoint, boolean isFirst) throws IOException {
    SequencedMap<String, Shape> shapes = new LinkedHashMap<>();
    try (StoredModel stored = ModelFormats.open(checkpoint)) {
      stored.tensors().forEach((name, tensor) -> shapes.put(name, tensor.shape()));
    }
    ShardLayout layout = new ShardLayout(shapes);
    try (OptimizerShards shards = OptimizerShards.open(checkpoint, layout);
        Arena arena = Arena.ofConfined()) {
      MemorySegment first = arena.allocate(ValueLayout.JAVA_FLOAT, layout.total());
      MemorySegment second = arena.allocate(ValueLayout.JAVA_FLOAT, layout.total());
      shards.read(0, first, second);
      return (isFirst ? first : second).toArray(ValueLayout.JAVA_FLOAT);
    }
  }

  @Test
  void aProcessWithTheWholeModelResumesWhatSlicesBegan() throws IOException {
    RunFolder folder = run("changed", 4, SLICED);
    float[] before = weights(folder.model(1));
    TrainingFolder training = folder.retraining(1);
    RunContents.delete(training.checkpoint(training.lastStep().orElseThrow()));
    RunContents.delete(folder.model(1));
    assertNear(before, weights(run("changed", 1, WHOLE).model(1)), 1e-4f);
  }

  @Test
  void aFolderIsOpenedWithAnyDivision() throws IOException {
    RunFolder folder = new RunFolder(temporary.resolve("run"));
    folder.open(SLICED);
    folder.open(WHOLE);
    folder.check(WHOLE.with("compute.tensorParallel=4"));
  }

  @Test
  void parametersAreNotDividedTwice() {
    RunConfig config = SLICED.with("train.zeroStage=3");
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Division.require(config, 4));
    assertTrue(error.getMessage().startsWith("train.zeroStage=3 divides"), error.getMessage());
    Division.require(config.with("compute.tensorParallel=1"), 4);
  }

  @Test
  void processesThatMakeNoWholeModelAreRefused() {
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> Division.require(SLICED, 3));
    assertEquals(
        "compute.tensorParallel: 2 processes hold a model together, and there are 3; start a multiple of 2",
        error.getMessage());
  }
}
