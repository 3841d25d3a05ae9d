package dev.irpo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.loss.IrpoLoss;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.StepMetrics;
import dev.irpo.train.Training;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterSelection;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.train.Sharding;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Trainings with weights and activations in bfloat16 against the golden values, within what
/// roundings can come to.
@Tag("golden")
class GoldenHalfTest {
  private static final double RATE = 1e-3;

  /// Largest ratio of AdamW's first moment to the root of its second, with β of 0.9 and 0.95: (1 −
  /// β₁)/√((1 − β₂)·(1 − β₁²/β₂)) by Cauchy and Schwarz, before their corrections, which are at
  /// most √(1 − β₂ᵗ)/(1 − β₁ᵗ) ≤ √(1 − β₂)/(1 − β₁).
  private static final double LARGEST_STEP = 1 / Math.sqrt(1 - 0.9 * 0.9 / 0.95);

  private static final RunConfig CONFIG =
      RunConfig.of(Preset.PAPER_V1)
          .with(
              "loss.paperVersion=v1",
              "loss.alpha=1",
              "train.steps=10",
              "train.batchSize=3",
              "train.shuffle=false",
              "train.tokenBudget=256",
              "optimizer.learningRate=" + RATE,
              "optimizer.weightDecay=0.1",
              "optimizer.warmupSteps=0");

  private static final RunConfig HALF = CONFIG.with("train.precision=bf16");

  @TempDir private Path temporary;

  /// Llama's own layers, those with biases, and those with normalised heads.
  static Stream<String> folders() {
    return Stream.of("tiny", "families/qwen2", "families/qwen3");
  }

  private static Backend start(String name) {
    return switch (name) {
      case "cpu" -> new CpuBackend(2);
      case "device" -> TestData.device();
      default -> ReferenceBackend.inSinglePrecision();
    };
  }

  private static JsonNode golden(String folder, String part) throws IOException {
    return GoldenFiles.json(folder + "/golden.json").get(part);
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
    return pairs;
  }

  private static List<TrainItem.Pair> items(String folder) throws IOException {
    return pairs(folder).stream().map(PreferencePair::item).toList();
  }

  /// A golden model rounded to bfloat16, as a training opens it.
  private LanguageModel half(Backend backend, String folder, String name) throws IOException {
    Path rounded = temporary.resolve(name);
    if (!Files.exists(rounded)) {
      try (Backend cpu = new CpuBackend(1)) {
        LanguageModel model = TestData.open(cpu, GoldenFiles.path(folder + "/" + name));
        TestData.round(model, DType.BF16);
        model.save(rounded);
      }
    }
    return Training.open(HALF, backend, Replicas.alone(), rounded, Optional.empty());
  }

  private static RoundedLoss exactLoss(Backend inDouble, LanguageModel model, String folder)
      throws IOException {
    IrpoLoss loss = new IrpoLoss(CONFIG.loss());
    return new RoundedLoss(inDouble, model.parameters(), loss, items(folder));
  }

  /// Each of N roundings moves what passes through it by at most u of its size, and they are
  /// independent: 4·√N·u, as for any sum of N roundings.
  @ParameterizedTest
  @MethodSource("folders")
  void gradientsAreTheGoldenOnesButForRoundings(String folder) throws IOException {
    requireGoldenGradients(folder, "cpu");
  }

  @ParameterizedTest
  @MethodSource("folders")
  @Tag("device")
  void gradientsOfADeviceAreTheGoldenOnesButForRoundings(String folder) throws IOException {
    requireGoldenGradients(folder, "device");
  }

  private void requireGoldenGradients(String folder, String engine) throws IOException {
    try (Backend backend = start(engine);
        Backend inDouble = ReferenceBackend.inDoublePrecision()) {
      LanguageModel exact = TestData.open(inDouble, GoldenFiles.path(folder + "/policy"));
      int roundings = exactLoss(inDouble, exact, folder).roundings();
      double tolerance = 4 * Math.sqrt(roundings) * RoundedLoss.UNIT;
      TrainerSettings settings =
          new TrainerSettings(
              256,
              Llama.Activations.RECOMPUTED,
              new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1.0),
              ParameterSelection.all(),
              Sharding.alone(),
              DType.BF16);
      Trainer<TrainItem.Pair> trainer =
          new Trainer<>(
              backend,
              half(backend, folder, "policy").parameters(),
              new IrpoLoss(CONFIG.loss()),
              settings);
      trainer.accumulate(items(folder));
      Map<String, GoldenFiles.RawTensor> expected =
          GoldenFiles.tensors(folder + "/gradients-v1.safetensors");
      expected.forEach((name, values) -> {
        Buffer found = trainer.gradients().get(Gradients.PREFIX + name);
        double size = 0;
        double error = 0;
        for (long i = 0; i < found.numElements(); i++) {
          size = Math.hypot(size, values.get(i));
          error = Math.hypot(error, values.get(i) - found.get(i));
        }
        assertTrue(error <= tolerance * size, name + ": " + error + " of " + size);
      });
    }
  }

  @ParameterizedTest
  @CsvSource({"tiny, cpu", "tiny, reference"})
  void tenStepsFollowTheGoldenTrajectoryWithinTheBoundOfTheirRoundings(String folder, String engine)
      throws IOException {
    requireGoldenSteps(folder, engine);
  }

  @Test
  @Tag("device")
  void tenStepsOfADeviceFollowItToo() throws IOException {
    requireGoldenSteps("tiny", "device");
  }

  private void requireGoldenSteps(String folder, String engine) throws IOException {
    List<StepMetrics> found = new ArrayList<>();
    List<StepMetrics> followed = new ArrayList<>();
    try (Backend backend = start(engine);
        Backend inDouble = ReferenceBackend.inDoublePrecision()) {
      LanguageModel rounded = half(backend, folder, "reference");
      PreferenceTraining training =
          new PreferenceTraining(HALF, backend, rounded, pairs(folder), 0);
      LanguageModel exact = TestData.open(inDouble, GoldenFiles.path(folder + "/reference"));
      PreferenceTraining exactTraining =
          new PreferenceTraining(CONFIG, inDouble, exact, pairs(folder), 0);
      RoundedLoss loss = exactLoss(inDouble, exact, folder);
      JsonNode steps = golden(folder, "trajectory").get("steps");
      for (int step = 0; step < 10; step++) {
        Map<String, Buffer> own = rounded.parameters().buffers();
        requireNear(exact.parameters().buffers(), own, step);
        double value = loss.run();
        double bound = loss.bound(own);
        training.runTo(step + 1, found::add);
        exactTraining.runTo(step + 1, followed::add);
        double expected = steps.get(step).get("loss").asDouble();
        assertEquals(expected, value, 1e-5, "the bound is that of the golden trajectory");
        assertEquals(expected, found.get(step).get("loss"), bound, "step " + (step + 1));
      }
      assertEquals(10, found.size());
    }
  }

  /// A weight is rounded at first and for each step, and updates differ by two whole steps at most.
  private static void requireNear(
      Map<String, Buffer> exact, Map<String, Buffer> found, int stepsTaken) {
    exact.forEach((name, values) -> {
      for (long i = 0; i < values.numElements(); i++) {
        double allowed =
            2 * RoundedLoss.UNIT * (Math.abs(values.get(i)) + RATE * stepsTaken * LARGEST_STEP)
                + 2 * RATE * stepsTaken * LARGEST_STEP;
        assertEquals(values.get(i), found.get(name).get(i), allowed, name + " " + i);
      }
    });
  }
}
