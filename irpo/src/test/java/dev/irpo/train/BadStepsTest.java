package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.files.SeenChecksums;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Steps whose loss is not finite, because the reference of their pair is not.
class BadStepsTest {
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with(
              "train.batchSize=1",
              "train.shuffle=false",
              "train.checkpointEverySteps=1",
              "optimizer.learningRate=1e-3",
              "optimizer.warmupSteps=0",
              "optimizer.schedule=constant");

  private final Backend backend = new CpuBackend(1);

  @TempDir private Path temporary;

  @AfterEach
  void close() {
    backend.close();
  }

  private static PreferencePair pair(int id, float reference) {
    return new PreferencePair(
        "p" + id, 0, 1, new int[] {1, id}, new int[] {id + 1}, new int[] {id + 2}, reference, -6);
  }

  /// Pairs that are good but where the pattern says otherwise.
  private static List<PreferencePair> pairs(String pattern) {
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < pattern.length(); i++) {
      boolean isBad = pattern.charAt(i) == 'x';
      pairs.add(pair(10 + 7 * i, isBad ? Float.NaN : -6));
    }
    return pairs;
  }

  private PreferenceTraining training(LanguageModel model, List<PreferencePair> pairs) {
    RunConfig config = CONFIG.with("train.steps=" + pairs.size());
    return new PreferenceTraining(config, backend, model, pairs, 0);
  }

  private static float[] weights(LanguageModel model) {
    float[] weights = new float[(int) model.parameters().flat().numElements()];
    model.parameters().flat().read(0, weights, weights.length);
    return weights;
  }

  private TrainingFolder folder(String name) {
    return new TrainingFolder(temporary.resolve(name), temporary.resolve("start"));
  }

  private static CheckpointPlan plan(List<PreferencePair> pairs) {
    return CheckpointPlan.of(pairs.size(), CONFIG.train());
  }

  @Test
  void aBadStepChangesNothingAndIsCounted() throws IOException {
    LanguageModel withBad = TestData.tinyModel(backend);
    LanguageModel without = TestData.tinyModel(backend);
    List<PreferencePair> all = pairs("..xx.x..");
    List<StepMetrics> lines = new ArrayList<>();
    PreferenceTraining training = training(withBad, all);
    training.runTo(all.size(), lines::add);
    List<PreferencePair> good =
        all.stream().filter(pair -> pair.chosenReferenceLogProb() < 0).toList();
    training(without, good).runTo(good.size(), line -> {});
    assertArrayEquals(weights(without), weights(withBad));
    List<Object> bad = new ArrayList<>();
    lines.forEach(line -> bad.add(line.values().get("badSteps")));
    assertEquals("[null, null, 1, 2, null, 1, null, null]", bad.toString());
    assertTrue(
        Double.isNaN(lines.get(2).get("loss")) && Double.isNaN(lines.get(2).get("gradNorm")));
    training.save(temporary.resolve("end"), Optional.empty());
    JsonNode state =
        new ObjectMapper().readTree(temporary.resolve("end").resolve("state.json").toFile());
    assertEquals("{\"optimizerSteps\":5,\"step\":8}", state.toString());
  }

  @Test
  void threeInARowStopTheTrainingWithWhatTheLastWasToLearnFrom() throws IOException {
    TrainingFolder folder = folder("stopped");
    List<PreferencePair> all = pairs(".x.xxx..");
    LanguageModel model = TestData.tinyModel(backend);
    PreferenceTraining training = training(model, all);
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> folder.run(training, plan(all), line -> {}))
            .getMessage();
    Path file = folder.root().resolve("bad-step-6.jsonl");
    assertTrue(message.startsWith(file + ": step 6 is the last of 3 in a row"), message);
    assertTrue(message.contains("(loss NaN, gradient norm NaN; train.maxBadSteps)"), message);
    assertEquals(1, message.lines().count(), message);
    List<String> lines = Files.readAllLines(file);
    assertEquals(1, lines.size());
    JsonNode line = new ObjectMapper().readTree(lines.getFirst());
    assertEquals("p45", line.get("problemId").asText());
    assertEquals("[1,45]", line.get("promptIds").toString());
    assertEquals("[46]", line.get("chosenIds").toString());
    assertEquals("[47]", line.get("rejectedIds").toString());
    assertEquals("NaN", line.get("chosenReferenceLogProb").asText());
  }

  @Test
  void theCountGoesOnWhereTheTrainingIsResumed() throws IOException {
    TrainingFolder folder = folder("resumed");
    List<PreferencePair> all = pairs("..xxx.");
    LanguageModel model = TestData.tinyModel(backend);
    assertThrows(
        IOException.class,
        () ->
            folder.run(
                training(model, all),
                plan(all),
                line -> {
                  if (line.step() == 5) {
                    throw new IOException("killed");
                  }
                }));
    PreferenceTraining resumed = training(TestData.tinyModel(backend), all);
    assertEquals(4, folder.resume(resumed, plan(all), new SeenChecksums()));
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> folder.run(resumed, plan(all), line -> {}))
            .getMessage();
    assertTrue(message.contains("step 5 is the last of 3 in a row"), message);
  }

  @Test
  void aPolicyWhoseNumbersAreNotFiniteIsNamedBeforeItIsTrained() {
    LanguageModel model = TestData.tinyModel(backend);
    model.parameters().flat().set(0, Double.NaN);
    model.parameters().markChanged();
    PreferencePair pair =
        new PreferencePair("p", 0, 1, new int[] {0}, new int[] {1}, new int[] {2}, -6, -6);
    PreferenceTraining training = training(model, List.of(pair));
    String message =
        assertThrows(IllegalArgumentException.class, training::requirePolicyIsReference)
            .getMessage();
    assertTrue(message.contains("problem p is not finite (NaN)"), message);
    assertFalse(message.contains("another model"), message);
  }
}
