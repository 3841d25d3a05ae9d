package dev.irpo.transformer.train;

import static dev.irpo.tensor.op.Add.add;
import static dev.irpo.tensor.op.Multiply.multiply;
import static dev.irpo.tensor.op.Scale.scale;
import static dev.irpo.transformer.train.PairTraining.ADAM_W;
import static dev.irpo.transformer.train.PairTraining.copyState;
import static dev.irpo.transformer.train.PairTraining.pairs;
import static dev.irpo.transformer.train.PairTraining.settings;
import static dev.irpo.transformer.train.PairTraining.step;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
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
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TrainerTest {
  /// Of central differences.
  private static final double STEP = 1e-6;

  /// Central differences in double precision, along a direction in which every element of a
  /// parameter moves.
  @ParameterizedTest
  @EnumSource
  void gradientsAreTheSlopesOfTheLoss(Llama.Activations activations) {
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Parameters parameters = TinyModel.parameters(backend, false);
      Trainer<Pair> trainer =
          new Trainer<>(backend, parameters, new PreferenceLoss(), settings(64, activations));
      assertEquals(trainer.evaluate(pairs(3)).loss(), trainer.accumulate(pairs(3)).loss());
      parameters
          .buffers()
          .forEach((name, weights) -> {
            Buffer gradient = trainer.gradients().get(Gradients.PREFIX + name);
            double expected = 0;
            for (long i = 0; i < weights.numElements(); i++) {
              expected += direction(i) * gradient.get(i);
            }
            double slope =
                (lossBeside(trainer, parameters, weights, STEP)
                        - lossBeside(trainer, parameters, weights, -STEP))
                    / (2 * STEP);
            assertEquals(expected, slope, 1e-6 * (1 + Math.abs(slope)), name);
            assertTrue(Math.abs(slope) > 1e-4, name);
          });
    }
  }

  private static double direction(long i) {
    return Math.sin(i + 1.0);
  }

  /// The loss where a parameter is `step` away in its direction.
  private static double lossBeside(
      Trainer<Pair> trainer, Parameters parameters, Buffer weights, double step) {
    double[] before = numbers(List.of(weights));
    for (int i = 0; i < before.length; i++) {
      weights.set(i, before[i] + step * direction(i));
    }
    parameters.markChanged();
    double loss = trainer.evaluate(pairs(3)).loss();
    for (int i = 0; i < before.length; i++) {
      weights.set(i, before[i]);
    }
    parameters.markChanged();
    return loss;
  }

  @Test
  void recomputedActivationsGiveTheSameBitsInLessMemory() {
    try (Backend cpu = new CpuBackend(2)) {
      checkRecomputation(cpu);
    }
  }

  @Test
  @Tag("device")
  void recomputedActivationsGiveTheSameBitsInLessMemoryOnADevice() {
    try (Backend device = Golden.device()) {
      checkRecomputation(device);
    }
  }

  private static void checkRecomputation(Backend backend) {
    Trainer<Pair> kept = stepped(backend, Llama.Activations.KEPT);
    Trainer<Pair> recomputed = stepped(backend, Llama.Activations.RECOMPUTED);
    assertArrayEquals(
        kept.optimizer().firstMoment().toFloatArray(),
        recomputed.optimizer().firstMoment().toFloatArray());
    assertTrue(recomputed.activationBytes() < kept.activationBytes());
  }

  private static Trainer<Pair> stepped(Backend backend, Llama.Activations activations) {
    Parameters policy = TinyModel.parameters(backend, false);
    Trainer<Pair> trainer =
        new Trainer<>(backend, policy, new PreferenceLoss(), settings(256, activations));
    step(trainer, 1, 1e-3);
    return trainer;
  }

  /// Weights and moments of some steps against AdamW's formula on the gathered gradients.
  @Test
  void aStepIsOneOfAdamWOverAllParameters() {
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Parameters parameters = TinyModel.parameters(backend, false);
      Trainer<Pair> trainer =
          new Trainer<>(
              backend, parameters, new PreferenceLoss(), settings(256, Llama.Activations.KEPT));
      double[] weights = numbers(parameters.buffers().values());
      double[] firstMoments = new double[weights.length];
      double[] secondMoments = new double[weights.length];
      for (int t = 1; t <= 3; t++) {
        trainer.accumulate(pairs(4));
        double[] gradient = numbers(trainer.gradients().values());
        double norm = Math.sqrt(DoubleStream.of(gradient).map(g -> g * g).sum());
        double rate = 1e-2 / t;
        assertEquals(norm, trainer.update(rate), 1e-9 * norm);
        double scale = Math.min(1, ADAM_W.clipNorm() / (norm + 1e-6));
        for (int i = 0; i < weights.length; i++) {
          double g = scale * gradient[i];
          firstMoments[i] = ADAM_W.beta1() * firstMoments[i] + (1 - ADAM_W.beta1()) * g;
          secondMoments[i] = ADAM_W.beta2() * secondMoments[i] + (1 - ADAM_W.beta2()) * g * g;
          double mean = firstMoments[i] / (1 - Math.pow(ADAM_W.beta1(), t));
          double square = secondMoments[i] / (1 - Math.pow(ADAM_W.beta2(), t));
          weights[i] *= 1 - rate * ADAM_W.weightDecay();
          weights[i] -= rate * mean / (Math.sqrt(square) + ADAM_W.epsilon());
        }
        assertArrayEquals(weights, numbers(parameters.buffers().values()), 1e-9);
        assertEquals(0, DoubleStream.of(numbers(trainer.gradients().values())).sum());
        assertEquals(t, trainer.optimizer().stepsTaken());
      }
    }
  }

  private static double[] numbers(Collection<Buffer> buffers) {
    return buffers.stream()
        .flatMapToDouble(
            buffer -> LongStream.range(0, buffer.numElements()).mapToDouble(buffer::get))
        .toArray();
  }

  private static double[] gradient(
      Backend backend, List<List<Pair>> parts, int tokenBudget, boolean tied) {
    Trainer<Pair> trainer =
        new Trainer<>(
            backend,
            TinyModel.parameters(backend, tied),
            new PreferenceLoss(),
            settings(tokenBudget, Llama.Activations.KEPT));
    double divisor = parts.stream().mapToInt(List::size).sum();
    parts.forEach(part -> trainer.accumulate(part, divisor));
    return numbers(trainer.gradients().values());
  }

  @Test
  void gradientsDoNotDependOnHowItemsFellIntoMicroBatches() {
    for (boolean tied : new boolean[] {false, true}) {
      Backend backend = ReferenceBackend.inDoublePrecision();
      double[] together = gradient(backend, List.of(pairs(5)), 1000, tied);
      List<List<Pair>> single = pairs(5).stream().map(List::of).toList();
      assertArrayEquals(together, gradient(backend, single, 1000, tied), 1e-12);
      assertArrayEquals(together, gradient(backend, List.of(pairs(5)), 64, tied), 1e-12);
    }
  }

  @Test
  void aSmallMicroBatchGivesTheSameBitsBeforeAndAfterALargeOne() {
    try (Backend cpu = new CpuBackend(2)) {
      List<List<Pair>> smallFirst = List.of(pairs(1), pairs(5), pairs(1));
      List<List<Pair>> largeFirst = List.of(pairs(5), pairs(1), pairs(1));
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
    return numbers(trainer.gradients().values());
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
        StepResult result = trainer.accumulate(pairs(5));
        for (int i = 0; i < 5; i++) {
          Pair pair = pairs(5).get(i);
          Sequence chosen = new Sequence(pair.prompt(), pair.chosen());
          Sequence prompt = // after its first token, which nothing predicts
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
      step(trainer, 2, 1e-3);
      Parameters restored = Parameters.allocate(cpu, parameters.config());
      restored.copyFrom(parameters);
      Trainer<Pair> resumed = new Trainer<>(cpu, restored, new PreferenceLoss(), settings);
      copyState(trainer, resumed);
      step(trainer, 3, 1e-3);
      step(resumed, 3, 1e-3);
      assertEquals(-1, restored.flat().segment().mismatch(parameters.flat().segment()));
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
