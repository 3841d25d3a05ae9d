package dev.irpo.transformer.train;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
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
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.Golden;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import dev.irpo.transformer.train.TrainItem.Labelled;
import dev.irpo.transformer.train.TrainItem.Pair;
import dev.irpo.transformer.train.TrainItem.Single;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class TrainerTest {
  private static TrainerSettings settings(int tokenBudget, Llama.Activations activations) {
    return new TrainerSettings(
        tokenBudget, activations, new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1.0));
  }

  private static List<Pair> goldenPairs() throws IOException {
    List<Pair> items = new ArrayList<>();
    for (JsonNode pair : GoldenFiles.json("tiny/golden.json").get("pairs")) {
      JsonNode reference = pair.get("referenceLogProbs");
      items.add(
          new Pair(
              GoldenFiles.ids(pair.get("prompt")),
              GoldenFiles.ids(pair.get("chosen")),
              GoldenFiles.ids(pair.get("rejected")),
              (float) reference.get(0).asDouble(),
              (float) reference.get(1).asDouble()));
    }
    return items;
  }

  private static void checkGradients(
      Backend backend, Llama.Activations activations, double tolerance) throws IOException {
    Parameters policy = Golden.model(backend, "policy");
    Trainer<Pair> trainer =
        new Trainer<>(backend, policy, new PreferenceLoss(), settings(256, activations));
    StepResult result = trainer.accumulate(goldenPairs());
    JsonNode expected = GoldenFiles.json("tiny/golden.json").get("loss").get("v1-alpha1.0");
    double total = expected.get("total").asDouble();
    assertEquals(total, result.loss(), tolerance * total);
    for (int i = 0; i < 3; i++) {
      JsonNode row = expected.get("rows").get(i);
      assertEquals(row.get("nll").asDouble(), result.items().get("nll")[i], 1e-5);
      assertEquals(row.get("dpo").asDouble(), result.items().get("dpo")[i], 1e-5);
      double logProb = row.get("rejectedLogProb").asDouble();
      assertEquals(logProb, result.of(Pair.REJECTED)[i], 1e-4);
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
    Trainer<Pair> kept = stepped(backend, Llama.Activations.KEPT);
    Trainer<Pair> recomputed = stepped(backend, Llama.Activations.RECOMPUTED);
    assertArrayEquals(
        kept.optimizer().firstMoment().toFloatArray(),
        recomputed.optimizer().firstMoment().toFloatArray());
    assertTrue(recomputed.activationBytes() < kept.activationBytes());
  }

  private static Trainer<Pair> stepped(Backend backend, Llama.Activations activations)
      throws IOException {
    Parameters policy = Golden.model(backend, "reference");
    Trainer<Pair> trainer =
        new Trainer<>(backend, policy, new PreferenceLoss(), settings(256, activations));
    trainer.accumulate(goldenPairs());
    trainer.update(1e-3);
    return trainer;
  }

  private static void checkTrajectory(Backend backend, double tolerance) throws IOException {
    Parameters policy = Golden.model(backend, "reference");
    Trainer<Pair> trainer =
        new Trainer<>(backend, policy, new PreferenceLoss(), settings(256, Llama.Activations.KEPT));
    List<Pair> items = goldenPairs();
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

  private static List<Pair> items(int count) {
    List<Pair> items = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int[] prompt = TinyModel.tokens(i, 2 + 3 * i);
      int[] chosen = TinyModel.tokens(50 + i, 1 + 4 * i);
      items.add(new Pair(prompt, chosen, TinyModel.tokens(90 + i, 11 - i), 0.5f * i, 0));
    }
    return items;
  }

  private static float[] gradient(
      Backend backend, List<List<Pair>> parts, int tokenBudget, boolean tied) {
    Trainer<Pair> trainer =
        new Trainer<>(
            backend,
            TinyModel.parameters(backend, tied),
            new PreferenceLoss(),
            settings(tokenBudget, Llama.Activations.KEPT));
    double divisor = parts.stream().mapToInt(List::size).sum();
    parts.forEach(part -> trainer.accumulate(part, divisor));
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
      List<List<Pair>> single = items(5).stream().map(List::of).toList();
      assertArrayEquals(together, gradient(backend, single, 1000, tied), 1e-6f);
      assertArrayEquals(together, gradient(backend, List.of(items(5)), 64, tied), 1e-6f);
    }
  }

  @Test
  void aSmallMicroBatchGivesTheSameBitsBeforeAndAfterALargeOne() {
    try (Backend cpu = new CpuBackend(2)) {
      List<List<Pair>> smallFirst = List.of(items(1), items(5), items(1));
      List<List<Pair>> largeFirst = List.of(items(5), items(1), items(1));
      float[] expected = new float[2];
      for (int order = 0; order < 2; order++) {
        Trainer<Pair> trainer =
            new Trainer<>(
                cpu,
                TinyModel.parameters(cpu, false),
                new PreferenceLoss(),
                settings(512, Llama.Activations.KEPT));
        for (List<Pair> part : order == 0 ? smallFirst : largeFirst) {
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

  /// −(ln M(a | x) + ln M(b | x)) of a pair.
  private static final class BothLoss implements Loss<Pair> {
    @Override
    public ItemKind<Pair> kind() {
      return Pair.KIND;
    }

    @Override
    public Terms terms(LossInputs<Pair> pairs) {
      Tensor both = add(pairs.logProb(Pair.CHOSEN), pairs.logProb(Pair.REJECTED));
      return new Terms(scale(both, -1));
    }
  }

  /// −sign · ln M(y | x) of a response with a label.
  private static final class SignedLoss implements Loss<Labelled> {
    @Override
    public ItemKind<Labelled> kind() {
      return Labelled.KIND;
    }

    @Override
    public Terms terms(LossInputs<Labelled> items) {
      Tensor signed = multiply(items.number(Labelled.SIGN), items.logProb(Labelled.RESPONSE));
      return new Terms(scale(signed, -1)).with("signed", signed);
    }
  }

  /// −ln M(y | x).
  private static final class SingleLoss implements Loss<Single> {
    @Override
    public ItemKind<Single> kind() {
      return Single.KIND;
    }

    @Override
    public Terms terms(LossInputs<Single> items) {
      return new Terms(scale(items.logProb(Single.RESPONSE), -1));
    }
  }

  private static final Pair PAIR =
      new Pair(TinyModel.tokens(1, 9), TinyModel.tokens(2, 7), TinyModel.tokens(3, 12), 0, 0);

  @Test
  void aSharedPromptHasTheGradientOfTwoCopies() {
    Single first = new Single(PAIR.prompt(), PAIR.chosen());
    Single second = new Single(PAIR.prompt(), PAIR.rejected());
    double[] copies = plainGradient(new SingleLoss(), List.of(first, second));
    assertArrayEquals(copies, plainGradient(new BothLoss(), List.of(PAIR)), 1e-12);
  }

  @Test
  void thePairsResponsesAsLabelledItemsPullInOppositeDirections() {
    List<Labelled> labelled = Labelled.KIND.of(PAIR);
    double[] good = plainGradient(new SignedLoss(), labelled.subList(0, 1));
    double[] bad = plainGradient(new SignedLoss(), labelled.subList(1, 2));
    double[] both = plainGradient(new SignedLoss(), labelled);
    double[] imitated =
        plainGradient(new SingleLoss(), List.of(new Single(PAIR.prompt(), PAIR.rejected())));
    for (int i = 0; i < both.length; i++) {
      assertEquals(good[i] + bad[i], both[i], 1e-12);
      assertEquals(-imitated[i], bad[i], 1e-12);
    }
  }

  @Test
  void whatALossDoesNotReadIsNotComputed() {
    Backend backend = ReferenceBackend.inDoublePrecision();
    Trainer<Single> trainer = trainer(backend, new SingleLoss());
    List<Single> chosen = Single.KIND.of(PAIR);
    StepResult result = trainer.evaluate(chosen);
    assertEquals(9 + 7 - 1, result.rows());
    assertEquals(Set.of("responseLogProb"), result.items().keySet());
    assertEquals(List.of(), trainer.reads().references());
    LossReads<Pair> both = LossReads.of(new PreferenceLoss());
    assertEquals(List.of(Pair.PROMPT, Pair.CHOSEN, Pair.REJECTED), both.logProbs());
    assertEquals(List.of(Pair.CHOSEN_REFERENCE, Pair.REJECTED_REFERENCE), both.references());
  }

  @Test
  void aStepHasTheMetricsThatTheLossNames() {
    Trainer<Labelled> trainer = trainer(ReferenceBackend.inDoublePrecision(), new SignedLoss());
    StepResult result = trainer.evaluate(Labelled.KIND.of(PAIR));
    float[] signed = result.items().get("signed");
    assertEquals(Set.of("signed"), result.metrics().keySet());
    assertEquals(((double) signed[0] + signed[1]) / 2, result.metrics().get("signed"));
    assertEquals(-result.metrics().get("signed"), result.loss(), 1e-5);
    assertEquals(signed[0], result.of(Labelled.RESPONSE)[0]);
    assertEquals(signed[1], -result.of(Labelled.RESPONSE)[1]);
  }

  private static <I extends TrainItem> Trainer<I> trainer(Backend backend, Loss<I> loss) {
    return new Trainer<>(
        backend, TinyModel.parameters(backend, false), loss, settings(256, Llama.Activations.KEPT));
  }

  private static <I extends TrainItem> double[] plainGradient(Loss<I> loss, List<I> items) {
    Trainer<I> trainer = trainer(ReferenceBackend.inDoublePrecision(), loss);
    trainer.accumulate(items, 1);
    return trainer.gradients().values().stream()
        .flatMapToDouble(
            buffer -> LongStream.range(0, buffer.numElements()).mapToDouble(buffer::get))
        .toArray();
  }

  @Test
  void theForwardPassOfTrainingGivesTheScorersBitsOnTheCpu() {
    try (Backend cpu = new CpuBackend(2)) {
      Parameters parameters = TinyModel.parameters(cpu, false);
      Trainer<Pair> trainer =
          new Trainer<>(
              cpu, parameters, new PreferenceLoss(), settings(128, Llama.Activations.KEPT));
      Scorer scorer = new Scorer(cpu, parameters, 512);
      for (int step = 0; step < 3; step++) {
        StepResult result = trainer.accumulate(items(5));
        for (int i = 0; i < 5; i++) {
          Pair pair = items(5).get(i);
          Sequence chosen = new Sequence(pair.prompt(), pair.chosen());
          Sequence prompt = // behind its first token, which nothing predicts
              new Sequence(
                  Arrays.copyOf(pair.prompt(), 1),
                  Arrays.copyOfRange(pair.prompt(), 1, pair.prompt().length));
          List<SequenceScore> scores = scorer.score(List.of(chosen, prompt));
          assertEquals(scores.getFirst().logProb(), result.of(Pair.CHOSEN)[i]);
          assertEquals(scores.getLast().logProb(), result.of(Pair.PROMPT)[i]);
        }
        trainer.update(1e-2);
      }
    }
  }

  @Test
  void resumingFromStoredStateGivesTheSameBits() {
    try (Backend cpu = new CpuBackend(2)) {
      TrainerSettings settings = settings(128, Llama.Activations.KEPT);
      Parameters parameters = TinyModel.parameters(cpu, true);
      Trainer<Pair> trainer = new Trainer<>(cpu, parameters, new PreferenceLoss(), settings);
      step(trainer, 2);
      Parameters restored = Parameters.allocate(cpu, parameters.config());
      restored.copyFrom(parameters);
      Trainer<Pair> resumed = new Trainer<>(cpu, restored, new PreferenceLoss(), settings);
      resumed.optimizer().firstMoment().copyFrom(trainer.optimizer().firstMoment());
      resumed.optimizer().secondMoment().copyFrom(trainer.optimizer().secondMoment());
      resumed.optimizer().resumeAfter(trainer.optimizer().stepsTaken());
      step(trainer, 3);
      step(resumed, 3);
      assertEquals(-1, restored.flat().segment().mismatch(parameters.flat().segment()));
    }
  }

  private static void step(Trainer<Pair> trainer, int steps) {
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
