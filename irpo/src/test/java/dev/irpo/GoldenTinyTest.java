package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.InProcess;
import dev.irpo.loss.IrpoLoss;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.StepMetrics;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// The paper's loss, its gradients and ten steps of a tiny Llama and of a tiny model of each other
/// family, against an independent implementation in double precision. Logits are compared in the
/// transformer's own tests.
@Tag("golden")
class GoldenTinyTest {
  private static final int PAIRS = 3;

  /// What computes, and what its rounding may come to, relative to the largest of the numbers.
  enum Engine {
    REFERENCE(2e-6, 2e-5),
    CPU_ONE_THREAD(1e-5, 1e-4),
    CPU_TWO_THREADS(1e-5, 1e-4),
    DEVICE(1e-5, 1e-4);

    private final double gradientTolerance;
    private final double trajectoryTolerance;

    Engine(double gradientTolerance, double trajectoryTolerance) {
      this.gradientTolerance = gradientTolerance;
      this.trajectoryTolerance = trajectoryTolerance;
    }

    Backend start() {
      return switch (this) {
        case REFERENCE -> ReferenceBackend.inSinglePrecision();
        case CPU_ONE_THREAD -> new CpuBackend(1);
        case CPU_TWO_THREADS -> new CpuBackend(2);
        case DEVICE -> TestData.device();
      };
    }
  }

  static List<String> folders() {
    return Stream.concat(
            Stream.of("tiny"), GoldenFiles.families().stream().map(name -> "families/" + name))
        .toList();
  }

  static Stream<Arguments> engines() {
    List<Engine> engines =
        TestData.isOnDevice()
            ? List.of(Engine.DEVICE)
            : List.of(Engine.REFERENCE, Engine.CPU_ONE_THREAD, Engine.CPU_TWO_THREADS);
    return folders().stream()
        .flatMap(folder -> engines.stream().map(engine -> Arguments.of(folder, engine)));
  }

  /// The versions of the loss whose gradients are there.
  private static List<String> versions(String folder) {
    return folder.equals("tiny") ? List.of("v1", "v3") : List.of("v1");
  }

  private static JsonNode golden(String folder, String part) throws IOException {
    return GoldenFiles.json(folder + "/golden.json").get(part);
  }

  private static LanguageModel model(String folder, Backend backend, String name)
      throws IOException {
    return TestData.open(backend, GoldenFiles.path(folder + "/" + name));
  }

  private static List<PreferencePair> pairs(String folder) throws IOException {
    List<PreferencePair> pairs = new ArrayList<>();
    for (JsonNode pair : golden(folder, "pairs")) {
      JsonNode reference = pair.get("referenceLogProbs");
      pairs.add(
          new PreferencePair(
              "golden",
              0,
              0,
              GoldenFiles.ids(pair.get("prompt")),
              GoldenFiles.ids(pair.get("chosen")),
              GoldenFiles.ids(pair.get("rejected")),
              (float) reference.get(0).asDouble(),
              (float) reference.get(1).asDouble()));
    }
    assertEquals(PAIRS, pairs.size());
    return pairs;
  }

  private static RunConfig config(String version, String alpha) {
    return RunConfig.of(Preset.PAPER_V1)
        .with(
            "loss.paperVersion=" + version,
            "loss.alpha=" + alpha,
            "train.steps=10",
            "train.batchSize=" + PAIRS,
            "train.shuffle=false",
            "train.tokenBudget=256",
            "optimizer.learningRate=1e-3",
            "optimizer.weightDecay=0.1",
            "optimizer.warmupSteps=0");
  }

  private static Trainer<TrainItem.Pair> trainer(
      String folder, Backend backend, IrpoLoss loss, Llama.Activations activations)
      throws IOException {
    TrainerSettings settings =
        new TrainerSettings(256, activations, new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1.0));
    return new Trainer<>(backend, model(folder, backend, "policy").parameters(), loss, settings);
  }

  private static List<TrainItem.Pair> items(String folder) throws IOException {
    return pairs(folder).stream().map(PreferencePair::item).toList();
  }

  @ParameterizedTest
  @MethodSource("engines")
  void theGreedyContinuationIsExact(String folder, Engine engine) throws IOException {
    JsonNode greedy = golden(folder, "greedy");
    int[] prompt = GoldenFiles.ids(greedy.get("prompt"));
    int[] expected = GoldenFiles.ids(greedy.get("continuation"));
    List<int[]> found = new ArrayList<>();
    try (Backend backend = engine.start()) {
      DecodeLimits limits = DecodeLimits.of(2, 1, prompt.length, expected.length);
      new Generator(backend, model(folder, backend, "policy").parameters(), limits)
          .generate(
              List.of(new GenerationRequest(0, prompt, 0, 1)).iterator(),
              Sampling.of(SamplingSettings.greedy(expected.length, List.of()), 0, 0),
              (request, samples) -> found.add(samples.getFirst().ids()));
    }
    assertEquals(1, found.size());
    assertArrayEquals(expected, found.getFirst());
  }

  @ParameterizedTest
  @MethodSource("engines")
  void theReferenceScoresPairsLikeTheIndependentOne(String folder, Engine engine)
      throws IOException {
    List<PreferencePair> expected = pairs(folder);
    try (Backend backend = engine.start()) {
      LanguageModel reference = model(folder, backend, "reference");
      int budget = Math.max(256, reference.config().maxPositions());
      List<PreferencePair> scored =
          PairFile.withReference(
              expected, ReferenceScorer.alone(new Scorer(backend, reference.parameters(), budget)));
      for (int i = 0; i < PAIRS; i++) {
        double chosen = expected.get(i).chosenReferenceLogProb();
        double rejected = expected.get(i).rejectedReferenceLogProb();
        assertEquals(chosen, scored.get(i).chosenReferenceLogProb(), 1e-6 * -chosen);
        assertEquals(rejected, scored.get(i).rejectedReferenceLogProb(), 1e-6 * -rejected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("engines")
  void lossesOfBothVersionsAreTheGoldenOnes(String folder, Engine engine) throws IOException {
    try (Backend backend = engine.start()) {
      for (String version : List.of("v1", "v3")) {
        for (String alpha : List.of("1.0", "0.5")) {
          IrpoLoss loss = new IrpoLoss(config(version, alpha).loss());
          StepResult result =
              trainer(folder, backend, loss, Llama.Activations.KEPT).evaluate(items(folder));
          JsonNode expected = golden(folder, "loss").get(version + "-alpha" + alpha);
          assertClose(expected.get("total").asDouble(), result.loss(), engine.gradientTolerance);
          for (int i = 0; i < PAIRS; i++) {
            JsonNode row = expected.get("rows").get(i);
            for (String name : List.of("loss", "nll", "dpo", "chosenLogProb", "rejectedLogProb")) {
              double found = result.items().get(name)[i];
              assertClose(row.get(name).asDouble(), found, engine.gradientTolerance);
            }
          }
        }
      }
    }
  }

  private static void assertClose(double expected, double found, double tolerance) {
    assertEquals(expected, found, tolerance * Math.abs(expected));
  }

  @ParameterizedTest
  @MethodSource("engines")
  void gradientsOfBothVersionsAreTheGoldenOnes(String folder, Engine engine) throws IOException {
    try (Backend backend = engine.start()) {
      for (Llama.Activations activations : Llama.Activations.values()) {
        for (String version : versions(folder)) {
          checkGradients(folder, backend, version, activations, engine.gradientTolerance);
        }
      }
    }
  }

  private static void checkGradients(
      String folder,
      Backend backend,
      String version,
      Llama.Activations activations,
      double tolerance)
      throws IOException {
    IrpoLoss loss = new IrpoLoss(config(version, "1").loss());
    Trainer<TrainItem.Pair> trainer = trainer(folder, backend, loss, activations);
    trainer.accumulate(items(folder));
    Map<String, GoldenFiles.RawTensor> expected = goldenGradients(folder, version);
    assertEquals(trainer.gradients().size(), expected.size());
    expected.forEach((name, values) -> {
      Buffer found = trainer.gradients().get(Gradients.PREFIX + name);
      assertEquals("F64", values.dtype(), name);
      assertEquals(values.numElements(), found.numElements(), name);
      requireClose(version + " " + name, values, i -> i, found, tolerance);
    });
  }

  private static Map<String, GoldenFiles.RawTensor> goldenGradients(String folder, String version)
      throws IOException {
    return GoldenFiles.parts(
        GoldenFiles.tensors(folder + "/gradients-" + version + ".safetensors"),
        GoldenFiles.json(folder + "/policy/config.json"));
  }

  /// @param place of each element that was found among the expected ones
  private static void requireClose(
      String name,
      GoldenFiles.RawTensor expected,
      LongUnaryOperator place,
      Buffer found,
      double tolerance) {
    double largest = 0;
    double error = 0;
    for (long i = 0; i < found.numElements(); i++) {
      double value = expected.get(place.applyAsLong(i));
      largest = Math.max(largest, Math.abs(value));
      error = Math.max(error, Math.abs(value - found.get(i)));
    }
    String message = "%s: off by %s of %s".formatted(name, error, largest);
    assertTrue(error <= tolerance * largest, message);
  }

  @ParameterizedTest
  @MethodSource("folders")
  void twoProcessesThatHoldTheModelTogetherFindTheirSlicesOfTheGoldenGradients(String folder) {
    for (Llama.Activations activations : Llama.Activations.values()) {
      for (InnerSum innerSum : List.of(new InnerSum.ByProcess(), new InnerSum.Tree(4))) {
        InProcess.run(
            2,
            group -> {
              checkSlicedGradients(folder, activations, new TensorParallel(group, innerSum));
              return null;
            });
      }
    }
  }

  private static void checkSlicedGradients(
      String folder, Llama.Activations activations, TensorParallel parallel) throws IOException {
    Path policy = GoldenFiles.path(folder + "/policy");
    try (Backend cpu = new CpuBackend(1);
        StoredModel stored = ModelFiles.open(policy, Optional.empty())) {
      Parameters own =
          Parameters.load(
              cpu, LanguageModel.configOf(stored), "policy", stored.tensors().values(), parallel);
      IrpoLoss loss = new IrpoLoss(config("v1", "1").loss());
      TrainerSettings settings =
          new TrainerSettings(256, activations, new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1.0));
      Trainer<TrainItem.Pair> trainer = new Trainer<>(cpu, own, loss, settings);
      double expectedLoss = golden(folder, "loss").get("v1-alpha1.0").get("total").asDouble();
      assertClose(expectedLoss, trainer.accumulate(items(folder)).loss(), 1e-5);
      Map<String, GoldenFiles.RawTensor> expected = goldenGradients(folder, "v1");
      own.layout()
          .slices()
          .forEach(slice -> {
            GoldenFiles.RawTensor whole = expected.get(slice.name());
            Buffer found = trainer.gradients().get(Gradients.PREFIX + slice.name());
            LongUnaryOperator place = placeInWhole(slice.shape(), whole, parallel.rank());
            requireClose(slice.name(), whole, place, found, 1e-5);
          });
    }
  }

  private static LongUnaryOperator placeInWhole(Shape own, GoldenFiles.RawTensor whole, long rank) {
    long row = own.size(0) < whole.size(0) ? rank * own.size(0) : 0;
    if (own.rank() == 1) {
      return i -> row + i;
    }
    long column = own.size(1) < whole.size(1) ? rank * own.size(1) : 0;
    return i -> (row + i / own.size(1)) * whole.size(1) + column + i % own.size(1);
  }

  @ParameterizedTest
  @MethodSource("engines")
  void tenStepsFollowTheGoldenTrajectory(String folder, Engine engine) throws IOException {
    List<StepMetrics> found = new ArrayList<>();
    try (Backend backend = engine.start()) {
      PreferenceTraining training =
          new PreferenceTraining(
              config("v1", "1"), backend, model(folder, backend, "reference"), pairs(folder), 0);
      training.runTo(10, found::add);
    }
    JsonNode steps = golden(folder, "trajectory").get("steps");
    assertEquals(10, steps.size());
    for (int i = 0; i < 10; i++) {
      StepMetrics step = found.get(i);
      JsonNode expected = steps.get(i);
      double tolerance = engine.trajectoryTolerance;
      assertEquals(i + 1, step.step());
      assertEquals(expected.get("loss").asDouble(), step.get("loss"), tolerance);
      assertEquals(expected.get("dpo").asDouble(), step.get("dpo"), tolerance);
      assertEquals(expected.get("nll").asDouble(), step.get("nll"), tolerance);
      double gradNorm = expected.get("gradNorm").asDouble();
      assertEquals(gradNorm, step.get("gradNorm"), tolerance * gradNorm);
    }
  }
}
