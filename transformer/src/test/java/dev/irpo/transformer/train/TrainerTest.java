package dev.irpo.transformer.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.op.Multiply;
import dev.irpo.tensor.op.Scale;
import dev.irpo.tensor.op.Sum;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.Golden;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LogProbs;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.packing.SharedPrompt.Response;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static TrainSettings settings(int tokenBudget, Llama.Activations activations) {
    return new TrainSettings(
        tokenBudget, activations, new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1.0));
  }

  private static TrainItem item(int[] prompt, int[] chosen, int[] rejected, float[] inputs) {
    return new TrainItem(
        new SharedPrompt(prompt, 0, List.of(new Response(chosen, 1), new Response(rejected, 2))),
        inputs);
  }

  private static List<TrainItem> goldenPairs() throws IOException {
    List<TrainItem> items = new ArrayList<>();
    for (JsonNode pair : GoldenFiles.json("tiny/golden.json").get("pairs")) {
      int[] prompt = GoldenFiles.ids(pair.get("prompt"));
      int[] chosen = GoldenFiles.ids(pair.get("chosen"));
      JsonNode reference = pair.get("referenceLogProbs");
      double margin = reference.get(0).asDouble() - reference.get(1).asDouble();
      float[] inputs = {1 / 3f, 1f / (prompt.length + chosen.length), (float) margin};
      items.add(item(prompt, chosen, GoldenFiles.ids(pair.get("rejected")), inputs));
    }
    return items;
  }

  private static void checkGradients(
      Backend backend, Llama.Activations activations, double tolerance) throws IOException {
    Parameters policy = Golden.model(backend, "policy");
    Trainer trainer =
        new Trainer(backend, policy, new PreferenceLoss(), settings(256, activations));
    StepResult result = trainer.accumulate(goldenPairs());
    JsonNode expected = GoldenFiles.json("tiny/golden.json").get("loss").get("v1-alpha1.0");
    double total = expected.get("total").asDouble();
    assertEquals(total, result.loss(), tolerance * total);
    for (int i = 0; i < 3; i++) {
      JsonNode row = expected.get("rows").get(i);
      assertEquals(row.get("nll").asDouble(), result.metrics().get("nll")[i], 1e-5);
      assertEquals(row.get("dpo").asDouble(), result.metrics().get("dpo")[i], 1e-5);
      double logProb = row.get("rejectedLogProb").asDouble();
      assertEquals(logProb, result.metrics().get("rejected")[i], 1e-4);
    }
    for (Map.Entry<String, GoldenFiles.RawTensor> entry :
        GoldenFiles.tensors("tiny/gradients-v1.safetensors").entrySet()) {
      Buffer actual = trainer.gradients().get(Gradients.PREFIX + entry.getKey());
      double largest = 0;
      double error = 0;
      for (long i = 0; i < actual.numElements(); i++) {
        largest = Math.max(largest, Math.abs(entry.getValue().get(i)));
        error = Math.max(error, Math.abs(entry.getValue().get(i) - actual.get(i)));
      }
      assertTrue(error <= tolerance * largest, entry.getKey() + " " + error + " of " + largest);
    }
  }

  @Test
  void gradientsEqualThoseOfAnIndependentImplementation() throws IOException {
    checkGradients(ReferenceBackend.inDoublePrecision(), Llama.Activations.KEPT, 1e-6);
    checkGradients(ReferenceBackend.inDoublePrecision(), Llama.Activations.RECOMPUTED, 1e-6);
    try (Backend cpu = new CpuBackend(2)) {
      checkGradients(cpu, Llama.Activations.KEPT, 1e-5);
      checkGradients(cpu, Llama.Activations.RECOMPUTED, 1e-5);
    }
  }

  @Test
  void recomputedActivationsGiveTheSameBitsInLessMemory() throws IOException {
    try (Backend cpu = new CpuBackend(2)) {
      checkRecomputation(cpu);
    }
  }

  @Test
  @Tag("device")
  void recomputedActivationsGiveTheSameBitsInLessMemoryOnADevice() throws IOException {
    try (Backend device = Golden.device()) {
      checkRecomputation(device);
    }
  }

  private static void checkRecomputation(Backend backend) throws IOException {
    Trainer kept = stepped(backend, Llama.Activations.KEPT);
    Trainer recomputed = stepped(backend, Llama.Activations.RECOMPUTED);
    assertArrayEquals(
        kept.optimizer().firstMoment().toFloatArray(),
        recomputed.optimizer().firstMoment().toFloatArray());
    assertTrue(recomputed.activationBytes() < kept.activationBytes());
  }

  private static Trainer stepped(Backend backend, Llama.Activations activations)
      throws IOException {
    Parameters policy = Golden.model(backend, "reference");
    Trainer trainer =
        new Trainer(backend, policy, new PreferenceLoss(), settings(256, activations));
    trainer.accumulate(goldenPairs());
    trainer.update(1e-3);
    return trainer;
  }

  private static void checkTrajectory(Backend backend, double tolerance) throws IOException {
    Parameters policy = Golden.model(backend, "reference");
    Trainer trainer =
        new Trainer(backend, policy, new PreferenceLoss(), settings(256, Llama.Activations.KEPT));
    List<TrainItem> items = goldenPairs();
    for (JsonNode step : GoldenFiles.json("tiny/golden.json").get("trajectory").get("steps")) {
      StepResult result = trainer.accumulate(items);
      assertEquals(step.get("loss").asDouble(), result.loss(), tolerance);
      assertEquals(trainer.evaluate(items).loss(), result.loss());
      double gradNorm = step.get("gradNorm").asDouble();
      assertEquals(gradNorm, trainer.update(1e-3), tolerance * gradNorm);
    }
  }

  @Test
  void tenStepsFollowTheGoldenTrajectory() throws IOException {
    checkTrajectory(ReferenceBackend.inDoublePrecision(), 1e-5);
    try (Backend cpu = new CpuBackend(2)) {
      checkTrajectory(cpu, 1e-4);
    }
  }

  private static List<TrainItem> items(int count) {
    List<TrainItem> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = TinyModel.tokens(i, 2 + 3 * i);
      int[] chosen = TinyModel.tokens(50 + i, 1 + 4 * i);
      float[] inputs = {1f / count, 1f / (prompt.length + chosen.length), 0.5f * i};
      items.add(item(prompt, chosen, TinyModel.tokens(90 + i, 11 - i), inputs));
    }
    return items;
  }

  private static float[] gradient(
      Backend backend, List<List<TrainItem>> parts, int tokenBudget, boolean tied) {
    Trainer trainer =
        new Trainer(
            backend,
            TinyModel.parameters(backend, tied),
            new PreferenceLoss(),
            settings(tokenBudget, Llama.Activations.KEPT));
    parts.forEach(trainer::accumulate);
    List<Float> all = new ArrayList<>();
    for (Buffer buffer : trainer.gradients().values()) {
      for (float value : buffer.toFloatArray()) {
        all.add(value);
      }
    }
    float[] flat = new float[all.size()];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = all.get(i);
    }
    return flat;
  }

  @Test
  void gradientsDoNotDependOnHowItemsFellIntoMicroBatches() {
    for (boolean tied : new boolean[] {false, true}) {
      Backend backend = ReferenceBackend.inDoublePrecision();
      float[] together = gradient(backend, List.of(items(5)), 1000, tied);
      List<List<TrainItem>> single = items(5).stream().map(List::of).toList();
      assertArrayEquals(together, gradient(backend, single, 1000, tied), 1e-6f);
      assertArrayEquals(together, gradient(backend, List.of(items(5)), 64, tied), 1e-6f);
    }
  }

  @Test
  void aSmallMicroBatchGivesTheSameBitsBeforeAndAfterALargeOne() {
    try (Backend cpu = new CpuBackend(2)) {
      List<List<TrainItem>> smallFirst = List.of(items(1), items(5), items(1));
      List<List<TrainItem>> largeFirst = List.of(items(5), items(1), items(1));
      float[] expected = new float[2];
      for (int order = 0; order < 2; order++) {
        Trainer trainer =
            new Trainer(
                cpu,
                TinyModel.parameters(cpu, false),
                new PreferenceLoss(),
                settings(512, Llama.Activations.KEPT));
        for (List<TrainItem> part : order == 0 ? smallFirst : largeFirst) {
          StepResult result = trainer.accumulate(part);
          assertEquals(trainer.evaluate(part).loss(), result.loss());
          int which = part.size() == 1 ? 0 : 1;
          if (expected[which] != 0) {
            assertEquals(expected[which], (float) result.loss());
          }
          expected[which] = (float) result.loss();
        }
      }
    }
  }

  /// −Σ weight · log-prob.
  private static final class PlainLoss implements Loss {
    @Override
    public List<String> sums() {
      return List.of("a");
    }

    @Override
    public List<String> inputs() {
      return List.of("weight");
    }

    @Override
    public Terms terms(Map<String, Tensor> sums, Map<String, Tensor> inputs) {
      Tensor terms = Multiply.multiply(sums.get("a"), inputs.get("weight"));
      return new Terms(Scale.scale(Sum.sum(terms), -1), new LinkedHashMap<>());
    }
  }

  @Test
  void aSharedPromptHasTheGradientOfTwoCopies() {
    Backend backend = ReferenceBackend.inDoublePrecision();
    int[] prompt = TinyModel.tokens(1, 9);
    Response first = new Response(TinyModel.tokens(2, 7), 0);
    Response second = new Response(TinyModel.tokens(3, 12), 0);
    int none = SharedPrompt.NOT_SCORED;
    float[] weight = {0.25f};
    List<TrainItem> shared =
        List.of(new TrainItem(new SharedPrompt(prompt, none, List.of(first, second)), weight));
    List<TrainItem> copies =
        List.of(
            new TrainItem(new SharedPrompt(prompt, none, List.of(first)), weight),
            new TrainItem(new SharedPrompt(prompt, none, List.of(second)), weight));
    assertArrayEquals(plainGradient(backend, copies), plainGradient(backend, shared), 1e-12);
  }

  private static double[] plainGradient(Backend backend, List<TrainItem> items) {
    Trainer trainer =
        new Trainer(
            backend,
            TinyModel.parameters(backend, false),
            new PlainLoss(),
            settings(256, Llama.Activations.KEPT));
    trainer.accumulate(items);
    return trainer.gradients().values().stream()
        .flatMapToDouble(
            buffer -> LongStream.range(0, buffer.numElements()).mapToDouble(buffer::get))
        .toArray();
  }

  @Test
  void theForwardPassOfTrainingGivesTheScorersBitsOnTheCpu() {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = TinyModel.parameters(cpu, false);
      Trainer trainer =
          new Trainer(cpu, parameters, new PreferenceLoss(), settings(128, Llama.Activations.KEPT));
      Scorer scorer = new Scorer(cpu, parameters, 512);
      for (int step = 0; step < 3; step++) {
        StepResult result = trainer.accumulate(items(5));
        for (int i = 0; i < 5; i++) {
          SharedPrompt tokens = items(5).get(i).tokens();
          Sequence chosen = new Sequence(tokens.prompt(), tokens.responses().get(0).tokens());
          SequenceScore score = scorer.scoreWithPrompts(List.of(chosen)).getFirst();
          assertEquals(score.logProb(), result.metrics().get("chosen")[i]);
          assertEquals(
              LogProbs.sum(score.promptTokenLogProbs()), result.metrics().get("prompt")[i]);
        }
        trainer.update(1e-2);
      }
    }
  }

  @Test
  void resumingFromStoredStateGivesTheSameBits() {
    try (Backend cpu = new CpuBackend(2)) {
      TrainSettings settings = settings(128, Llama.Activations.KEPT);
      Parameters parameters = TinyModel.parameters(cpu, true);
      Trainer trainer = new Trainer(cpu, parameters, new PreferenceLoss(), settings);
      step(trainer, 2);
      Parameters restored = Parameters.allocate(cpu, parameters.config());
      restored.copyFrom(parameters);
      Trainer resumed = new Trainer(cpu, restored, new PreferenceLoss(), settings);
      resumed.optimizer().firstMoment().copyFrom(trainer.optimizer().firstMoment());
      resumed.optimizer().secondMoment().copyFrom(trainer.optimizer().secondMoment());
      resumed.optimizer().resumeAfter(trainer.optimizer().stepsTaken());
      step(trainer, 3);
      step(resumed, 3);
      assertEquals(-1, restored.flat().segment().mismatch(parameters.flat().segment()));
    }
  }

  private static void step(Trainer trainer, int steps) {
    for (int i = 0; i < steps; i++) {
      trainer.accumulate(items(4));
      trainer.update(1e-3);
    }
  }

  @Test
  void ratesWarmUpAndThenFollowTheirSchedule() {
    assertEquals(0.25, new LearningRate.Constant(1, 4).at(0));
    assertEquals(1, new LearningRate.Constant(1, 4).at(4));
    assertEquals(1, new LearningRate.Constant(1, 0).at(0));
    LearningRate cosine = new LearningRate.Cosine(1, 0.2, 2, 12);
    assertEquals(0.5, cosine.at(0));
    assertEquals(1, cosine.at(2));
    assertEquals(0.6, cosine.at(7), 1e-12);
    assertEquals(0.2, cosine.at(12), 1e-12);
    assertEquals(0.5, new LearningRate.Linear(1, 0, 0, 10).at(5), 1e-12);
    assertEquals(0, new LearningRate.Linear(1, 0, 0, 10).at(20), 1e-12);
  }
}
