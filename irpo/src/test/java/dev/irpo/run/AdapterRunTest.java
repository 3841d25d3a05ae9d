package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.TestData;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.RoundedStart;
import dev.irpo.train.StepMetrics;
import dev.irpo.train.Training;
import dev.irpo.transformer.Adapter;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.score.Scorer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Runs that train a low-rank adapter in place of the model.
class AdapterRunTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=2",
          "adapter.rank=4",
          "adapter.alpha=8",
          "adapter.targets=q_proj, down_proj",
          "train.evaluateEverySteps=0",
          "train.retrainWithHeldOut=false",
          "task.heldOutProblems=0",
          "evaluate.majoritySamples=0",
          "pairs.maxTokens=140");

  @TempDir private static Path temporary;

  private static RunFolder whole;

  @BeforeAll
  static void runOnce() throws IOException {
    whole = run(CONFIG, temporary.resolve("whole"));
  }

  private static RunFolder run(RunConfig config, Path root) throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder =
          Files.exists(root) ? new RunFolder(root) : SmallRun.begin(config, backend, root);
      new IterationLoop(config, folder, backend, Progress.NONE).run();
      return folder;
    }
  }

  private static float[] floats(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.shape().numElements())];
    ConvertedContent.of(tensor, DType.F32).content().read(0, MemorySegment.ofArray(values));
    return values;
  }

  @Test
  void modelsHaveTheBaseAsItWasAndAnAdapterThatMoves() throws IOException {
    try (StoredModel base = ModelFiles.open(whole.model(0), Optional.empty());
        StoredModel first = ModelFiles.open(whole.model(1), Optional.empty());
        StoredModel second = ModelFiles.open(whole.model(2), Optional.empty())) {
      assertTrue(LanguageModel.configOf(base).layers().adapter().isEmpty());
      assertEquals(
          Optional.of(new Adapter(4, 8, false, List.of("q_proj", "down_proj"))),
          LanguageModel.configOf(second).layers().adapter());
      int adapters = 0;
      for (Map.Entry<String, StoredTensor> entry : second.tensors().entrySet()) {
        float[] then = floats(first.tensor(entry.getKey()));
        float[] now = floats(entry.getValue());
        if (Adapter.has(entry.getKey())) {
          adapters++;
          assertFalse(Arrays.equals(then, now), entry.getKey());
        } else {
          assertArrayEquals(floats(base.tensor(entry.getKey())), now, entry.getKey());
        }
      }
      assertEquals(4 * LanguageModel.configOf(second).numLayers(), adapters);
    }
  }

  /// The reference is the model that the training begins with: its adapter is a part of it.
  @Test
  void dpoBeginsWithTheLogarithmOfTwo() throws IOException {
    for (int iteration = 1; iteration <= 2; iteration++) {
      List<ObjectNode> lines = SummedText.wholeLines(whole.training(iteration).metrics());
      assertEquals((float) Math.log(2), (float) lines.getFirst().path("dpo").asDouble());
      assertTrue(lines.getLast().path("dpo").asDouble() != Math.log(2));
    }
  }

  @Test
  void aCheckpointHoldsTheAdapterAndItsMomentsAlone() throws IOException {
    Path checkpoint = whole.training(1).checkpoint(6);
    LlamaConfig sizes = LanguageModel.configOf(ModelFiles.open(checkpoint, Optional.empty()));
    long adapter =
        sizes.parameterShapes().entrySet().stream()
            .filter(entry -> Adapter.has(entry.getKey()))
            .mapToLong(entry -> entry.getValue().numElements())
            .sum();
    assertTrue(adapter > 0 && 4 * adapter < sizes.numParameters());
    long weights = Files.size(checkpoint.resolve("weights-00001-of-00001.arrow"));
    assertTrue(weights > Float.BYTES * adapter, weights + " bytes");
    assertTrue(weights < Float.BYTES * sizes.numParameters() / 2, weights + " bytes");
    assertEquals(weights, Files.size(whole.model(2).resolve("weights-00001-of-00001.arrow")));
  }

  @Test
  void aRunThatIsResumedEndsWithTheSameBytes() throws IOException {
    Path root = copy(whole, "resumed");
    delete(new RunFolder(root).model(2));
    delete(new RunFolder(root).training(2).checkpoint(6));
    run(CONFIG, root);
    assertEquals(RunContents.of(whole.root()), RunContents.of(root));
  }

  private static Path copy(RunFolder run, String name) throws IOException {
    Path root = temporary.resolve(name);
    try (Stream<Path> files = Files.walk(run.root())) {
      for (Path file : files.toList()) {
        Files.copy(file, root.resolve(run.root().relativize(file).toString()));
      }
    }
    return root;
  }

  @Test
  void aModelIsStoredMergedAndTheNextIterationTrainsANewAdapter() throws IOException {
    RunConfig config = CONFIG.with("adapter.merge=iteration");
    RunFolder merged = run(config, temporary.resolve("merged each time"));
    assertEquals(
        parts(whole.iteration(1), "checkpoints"), parts(merged.iteration(1), "checkpoints"));
    for (int t = 1; t <= 2; t++) {
      Path checkpoint = merged.training(t).checkpoint(6);
      try (StoredModel trained = ModelFiles.open(checkpoint, Optional.empty());
          StoredModel model = ModelFiles.open(merged.model(t), Optional.empty())) {
        assertEquals(AdaptedModel.merged(trained).config(), model.config());
        assertEquals(AdaptedModel.merged(trained).tensors().keySet(), model.tensors().keySet());
        AdaptedModel.merged(trained)
            .tensors()
            .forEach(
                (name, tensor) -> assertArrayEquals(floats(tensor), floats(model.tensor(name))));
      }
      assertEquals(
          (float) Math.log(2),
          (float)
              SummedText.wholeLines(merged.training(t).metrics())
                  .getFirst()
                  .path("dpo")
                  .asDouble());
    }
    String name = "model.layers.1.mlp.down_proj" + Adapter.A;
    try (StoredModel first = ModelFiles.open(merged.training(1).checkpoint(6), Optional.empty());
        StoredModel second = ModelFiles.open(merged.training(2).checkpoint(6), Optional.empty())) {
      float[] one = floats(first.tensor(name));
      float[] other = floats(second.tensor(name));
      double moved = 0;
      for (int i = 0; i < one.length; i++) {
        moved += Math.abs(one[i] - other[i]) / one.length;
      }
      double spread = 2 / Math.sqrt(first.tensor(name).shape().size(1));
      assertEquals(spread / 3, moved, spread / 20, "the mean distance of two uniform draws");
    }

    Path root = copy(merged, "resumed merged");
    delete(new RunFolder(root).model(2));
    delete(new RunFolder(root).training(2).checkpoint(6));
    run(config, root);
    assertEquals(RunContents.of(merged.root()), RunContents.of(root));

    RunFolder sampled =
        run(CONFIG.with("adapter.merge=sampling"), temporary.resolve("merged to sample"));
    assertEquals(parts(merged.iteration(2), "rollouts"), parts(sampled.iteration(2), "rollouts"));
  }

  /// Contents of the files below a part of an iteration's folder.
  private static Map<String, String> parts(Path iteration, String part) throws IOException {
    Map<String, String> contents = RunContents.of(iteration.resolve(part));
    assertFalse(contents.isEmpty());
    return contents;
  }

  @Test
  void mergedWeightsSampleAndTheAdapterIsTheReference() throws IOException {
    RunConfig config = CONFIG.with("adapter.merge=sampling");
    RunFolder sampled = run(config, temporary.resolve("merged for rollouts"));
    assertEquals(parts(whole.iteration(1), "model"), parts(sampled.iteration(1), "model"));
    assertNotEquals(parts(whole.iteration(2), "rollouts"), parts(sampled.iteration(2), "rollouts"));
    assertFalse(Files.exists(new MergedModel(config, sampled, 2).path()));
    List<PreferencePair> pairs =
        TableReader.readAll(sampled.rollouts(2).pairs(), PreferencePair::of);
    Path root = copy(sampled, "merged for rollouts, resumed");
    delete(new RunFolder(root).iteration(2));
    Files.createDirectories(
        new MergedModel(config, new RunFolder(root), 2).path().resolve("of a stopped process"));
    run(config, root);
    assertEquals(RunContents.of(sampled.root()), RunContents.of(root));
    assertEquals(
        (float) Math.log(2),
        (float)
            SummedText.wholeLines(sampled.training(2).metrics()).getFirst().path("dpo").asDouble());
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel model = LanguageModel.open(backend, sampled.model(1), Optional.empty());
      Scorer scorer = new Scorer(backend, model.parameters(), config.train().tokenBudget());
      List<PreferencePair> scored = PairFile.withReference(pairs, ReferenceScorer.alone(scorer));
      for (int i = 0; i < pairs.size(); i++) {
        assertEquals(scored.get(i).chosenReferenceLogProb(), pairs.get(i).chosenReferenceLogProb());
        assertEquals(
            scored.get(i).rejectedReferenceLogProb(), pairs.get(i).rejectedReferenceLogProb());
      }
    }
  }

  @Test
  @Tag("device")
  void aDeviceTrainsTheAdapterAsTheCpuDoes() throws IOException {
    List<StepMetrics> expected = new ArrayList<>();
    List<StepMetrics> found = new ArrayList<>();
    float[] onCpu;
    float[] onDevice;
    try (Backend cpu = new CpuBackend(1)) {
      onCpu = trained(cpu, expected);
    }
    try (Backend device = TestData.device((done, total) -> {})) {
      onDevice = trained(device, found);
    }
    for (int i = 0; i < 6; i++) {
      for (String key : List.of("loss", "dpo", "nll", "gradNorm")) {
        double value = expected.get(i).get(key);
        assertEquals(value, found.get(i).get(key), 1e-4 * Math.abs(value), key + " of step " + i);
      }
    }
    double apart = 0;
    double moved = 0;
    for (int i = 0; i < onCpu.length; i++) {
      apart += Math.abs(onCpu[i] - onDevice[i]);
      moved += Math.abs(onCpu[i]);
    }
    assertTrue(moved > 0 && apart < 1e-2 * moved, apart + " of " + moved);
  }

  /// A factor B after six steps, which was zero before.
  private static float[] trained(Backend backend, List<StepMetrics> lines) throws IOException {
    List<PreferencePair> pairs = TableReader.readAll(whole.rollouts(1).pairs(), PreferencePair::of);
    LanguageModel model =
        Training.open(CONFIG, backend, Replicas.alone(), whole.model(0), Optional.empty());
    new PreferenceTraining(CONFIG, backend, model, pairs, 1).runTo(6, lines::add);
    return model
        .parameters()
        .buffers()
        .get("model.layers.0.mlp.down_proj" + Adapter.B)
        .toFloatArray();
  }

  private static void delete(Path path) throws IOException {
    try (Stream<Path> files = Files.walk(path)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /// The frozen weights are read from the file, whatever they are stored in.
  @ParameterizedTest
  @EnumSource(names = {"BF16", "F16"})
  void aBaseOf16BitsGivesTheBytesOfTheSameNumbersInSinglePrecision(DType type) throws IOException {
    RunFolder single = runFrom(type, DType.F32, CONFIG);
    RunFolder half = runFrom(type, type, CONFIG);
    Map<String, String> expected = RunContents.of(single.root());
    Map<String, String> found = RunContents.of(half.root());
    List.of(expected, found)
        .forEach(contents ->
            contents
                .keySet()
                .removeIf(name ->
                    name.startsWith("model-0")
                        || name.endsWith("base.json")
                        || name.endsWith("manifest.json")));
    assertEquals(expected, found);
    assertTrue(
        found.keySet().stream().anyMatch(name -> name.contains("iteration-2/model/weights")));
  }

  @Test
  void aMergedModelHasTheTypesOfItsBase() throws IOException {
    RunFolder half = runFrom(DType.BF16, DType.BF16, CONFIG.with("adapter.merge=iteration"));
    try (StoredModel model = ModelFiles.open(half.model(2), Optional.empty())) {
      String name = "model.layers.1.mlp.down_proj.weight";
      assertEquals(DType.BF16, model.tensor(name).dtype());
      try (StoredModel base = ModelFiles.open(half.model(0), Optional.empty())) {
        assertFalse(Arrays.equals(floats(base.tensor(name)), floats(model.tensor(name))));
      }
    }
  }

  /// Merging into 16 bits rounds, so what was recorded while sampling is not the reference's.
  @Test
  void dpoBeginsWithTheLogarithmOfTwoWhereMergedWeightsAreRounded() throws IOException {
    RunFolder half =
        runFrom(
            DType.BF16,
            DType.BF16,
            CONFIG.with("adapter.merge=sampling", "optimizer.learningRate=3e-2"));
    List<ObjectNode> lines = SummedText.wholeLines(half.training(2).metrics());
    assertEquals((float) Math.log(2), (float) lines.getFirst().path("dpo").asDouble());
  }

  @Test
  void whatMergesNeedsAnAdapter() {
    RunConfig config = SmallRun.CONFIG.with("adapter.merge=sampling");
    RunFolder folder = new RunFolder(temporary.resolve("none"));
    Map<Split, Integer> problems = Map.of(Split.TRAIN, 1, Split.HELD_OUT, 0, Split.TEST, 0);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> new RunStages(config, folder, problems));
    assertEquals(
        "adapter.merge=sampling merges an adapter, and adapter.rank=0 trains none; set"
            + " adapter.rank=16",
        e.getMessage());
    RunConfig elsewhere = config.with("adapter.rank=4", "compute.backend=reference");
    assertThrows(IllegalArgumentException.class, () -> new RunStages(elsewhere, folder, problems));
  }

  /// A run from a model whose numbers have a type, stored in this one or another.
  private static RunFolder runFrom(DType type, DType stored, RunConfig config) throws IOException {
    Path root = temporary.resolve(type + " in " + stored + " " + config.adapter().merge());
    RunFolder folder;
    try (Backend cpu = new CpuBackend(1)) {
      folder = SmallRun.begin(config, cpu, root);
    }
    Path rounded = temporary.resolve("M_0 of " + root.getFileName());
    try (StoredModel start = ModelFiles.open(folder.model(0), Optional.empty())) {
      List<StoredTensor> tensors =
          start.tensors().values().stream()
              .map(tensor -> ConvertedContent.of(ConvertedContent.of(tensor, type), stored))
              .toList();
      ArrowModelWriter.keepingTypes()
          .write(rounded, start.config(), tensors, start.tokenizerFiles());
    }
    delete(folder.model(0));
    Files.move(rounded, folder.model(0));
    return run(config, root);
  }

  @Test
  void aMergedModelHasNoAdapterAndComputesTheSame() throws IOException {
    try (StoredModel stored = ModelFiles.open(whole.model(2), Optional.empty())) {
      StoredModel merged = AdaptedModel.merged(stored);
      assertTrue(LanguageModel.configOf(merged).layers().adapter().isEmpty());
      assertTrue(merged.tensors().keySet().stream().noneMatch(Adapter::has));
      String name = "model.layers.1.mlp.down_proj";
      float[] weight = floats(stored.tensor(name + ".weight"));
      float[] a = floats(stored.tensor(name + Adapter.A));
      float[] b = floats(stored.tensor(name + Adapter.B));
      int width = a.length / 4;
      for (int row = 0; row < weight.length / width; row++) {
        for (int column = 0; column < width; column++) {
          double sum = 0;
          for (int r = 0; r < 4; r++) {
            sum += (double) b[row * 4 + r] * a[r * width + column];
          }
          weight[row * width + column] = (float) (weight[row * width + column] + 2 * sum);
        }
      }
      assertArrayEquals(weight, floats(merged.tensor(name + ".weight")));
      StoredTensor part = merged.tensor(name + ".weight");
      float[] some = new float[width + 3]; // the end of a row, a whole one and a beginning
      part.content().read((width - 2L) * Float.BYTES, MemorySegment.ofArray(some));
      for (int i = 0; i < some.length; i++) {
        assertEquals(weight[width - 2 + i], some[i]);
      }
      assertEquals(stored.tensor("model.norm.weight"), merged.tensor("model.norm.weight"));
      assertEquals(
          stored.tensor("model.layers.0.self_attn.v_proj.weight"),
          merged.tensor("model.layers.0.self_attn.v_proj.weight"));
    }
  }

  @Test
  void anotherAdapterThanTheModelsOwnIsRefused() throws IOException {
    try (StoredModel stored = ModelFiles.open(whole.model(1), Optional.empty())) {
      Optional<Adapter> own = LanguageModel.configOf(stored).layers().adapter();
      assertEquals(Optional.of(new Adapter(4, 8, false, List.of("q_proj", "down_proj"))), own);
      assertEquals(stored, AdaptedModel.of(stored, CONFIG.with("seed=5")));
      RunConfig other = CONFIG.with("adapter.rank=8", "adapter.targets=q_proj");
      IllegalArgumentException e =
          assertThrows(IllegalArgumentException.class, () -> AdaptedModel.of(stored, other));
      assertEquals(
          "the model has an adapter of rank 4, alpha 8 for q_proj, down_proj, asked for is one of"
              + " rank 8, alpha 8 for q_proj; ask for its own, or begin with irpo export's merged"
              + " model",
          e.getMessage());
    }
  }

  @Test
  void anAdapterNeedsLinearLayersThatThereAre() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> CONFIG.with("adapter.targets=query_proj"));
    assertTrue(e.getMessage().contains("adapter.targets is 'query_proj', allowed is all, or"));
    for (String target : Adapter.TARGETS) {
      assertEquals(target, CONFIG.with("adapter.targets=" + target).adapter().targets());
    }
  }

  @Test
  void aFreshAdapterHasNumbersOfTheTypeThatIsTrained() throws IOException {
    RunConfig half = CONFIG.with("train.parameterType=bf16");
    try (StoredModel base = ModelFiles.open(whole.model(0), Optional.empty())) {
      StoredModel adapted = AdaptedModel.of(base, half);
      RoundedStart.require(half, adapted);
      String name = "model.layers.0.mlp.down_proj" + Adapter.A;
      float[] rounded = floats(adapted.tensor(name));
      float[] single = floats(AdaptedModel.of(base, CONFIG).tensor(name));
      assertFalse(Arrays.equals(single, rounded));
      assertArrayEquals(single, rounded, 1e-2f);
    }
  }
}
