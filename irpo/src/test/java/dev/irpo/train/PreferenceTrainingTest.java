package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.pair.ReferenceScorer;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.TensorParallel;
import dev.irpo.transformer.score.Scorer;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Whether the policy is the reference, and which pairs a step sees.
class PreferenceTrainingTest {
  private static final LlamaConfig MODEL =
      new LlamaConfig(50, 8, 16, 1, 2, 1, 4, 32, 10000, 1e-5, true, 1, List.of(2));
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO).with("train.batchSize=3", "train.steps=5", "train.shuffle=false");

  private Backend backend;
  private LanguageModel policy;

  /// Four pairs, with the log-probabilities of the policy itself.
  private List<PreferencePair> pairs;

  @BeforeEach
  void makePairs() {
    backend = new CpuBackend(1);
    begin(Parameters.random(backend, MODEL, 3));
  }

  private void begin(Parameters parameters) {
    policy =
        new LanguageModel(
            MODEL,
            new ObjectMapper().valueToTree(MODEL.toHuggingFace()),
            parameters,
            Optional.empty());
    List<PreferencePair> unscored =
        IntStream.range(0, 4)
            .mapToObj(i ->
                new PreferencePair(
                    "train-" + i,
                    0,
                    1,
                    new int[] {1, 5 + i},
                    new int[] {6, 7 + i, 2},
                    new int[] {8 + i, 2},
                    0,
                    0))
            .toList();
    pairs =
        PairFile.withReference(
            unscored, ReferenceScorer.alone(new Scorer(backend, policy.parameters(), 64)));
  }

  @AfterEach
  void close() {
    backend.close();
  }

  private PreferenceTraining training(RunConfig config, List<PreferencePair> of) {
    return new PreferenceTraining(config, backend, policy, of, 0);
  }

  /// The pairs with other log-probabilities of the reference at one place.
  private List<PreferencePair> shifted(int place, double chosen, double rejected) {
    PreferencePair old = pairs.get(place);
    List<PreferencePair> shifted = new ArrayList<>(pairs);
    shifted.set(
        place,
        new PreferencePair(
            old.problemId(),
            old.chosenSample(),
            old.rejectedSample(),
            old.promptIds(),
            old.chosenIds(),
            old.rejectedIds(),
            (float) (old.chosenReferenceLogProb() + chosen),
            (float) (old.rejectedReferenceLogProb() + rejected)));
    return shifted;
  }

  private static String refusal(PreferenceTraining training) {
    return assertThrows(IllegalArgumentException.class, training::requirePolicyIsReference)
        .getMessage();
  }

  @Test
  void anUntrainedPolicyIsItsOwnReferenceToTheBit() {
    training(CONFIG, pairs).requirePolicyIsReference();
  }

  @Test
  void thePairIsNamedWhoseReferenceSaysSomethingElse() {
    List<PreferencePair> chosen = shifted(1, 1e-5, 0);
    String message = refusal(training(CONFIG, chosen));
    assertTrue(message.startsWith("the dpo term at step 0 is not ln 2: of problem train-1 "));
    assertTrue(
        message.contains(
            "the chosen response has log-probability %s under the policy, but %s is stored"
                .formatted(
                    pairs.get(1).chosenReferenceLogProb(), chosen.get(1).chosenReferenceLogProb())),
        message);
    String rejected = refusal(training(CONFIG, shifted(2, 0, -1e-5)));
    assertTrue(rejected.contains("problem train-2 the rejected response"), rejected);
    assertTrue(refusal(training(CONFIG, shifted(0, Double.NaN, 0))).contains("NaN is stored"));
  }

  @Test
  void onlyThePairsOfTheFirstStepAreCompared() {
    training(CONFIG, shifted(3, 1, 1)).requirePolicyIsReference();
  }

  @Test
  void aReferenceOfAnotherBackendMayDifferByATenThousandthOfANatAToken() {
    training(CONFIG, shifted(0, 2.9e-4, -1.9e-4)).requirePolicyIsNearReference();
    for (List<PreferencePair> far : List.of(shifted(0, 3.1e-4, 0), shifted(0, 0, -2.1e-4))) {
      assertThrows(
          IllegalArgumentException.class, training(CONFIG, far)::requirePolicyIsNearReference);
    }
  }

  @Test
  void inBfloat16ItMayDifferByWhatRoundingsComeTo() {
    RunConfig half = CONFIG.with("train.precision=bf16");
    TestData.round(policy, DType.BF16);
    Set<String> all = policy.parameters().buffers().keySet();
    begin(
        Parameters.map(
            backend,
            MODEL,
            "rounded",
            policy.storedTensors(),
            Arena.ofAuto(),
            TensorParallel.alone(),
            all,
            DType.BF16));
    training(half, pairs).requirePolicyIsReference();
    training(half, shifted(0, 0.149, -0.099)).requirePolicyIsNearReference();
    for (List<PreferencePair> far : List.of(shifted(0, 0.151, 0), shifted(0, 0, -0.101))) {
      assertThrows(
          IllegalArgumentException.class, training(half, far)::requirePolicyIsNearReference);
    }
  }

  @Test
  void aLossWithoutAReferenceComparesNothing() {
    RunConfig simpo = CONFIG.with("loss.kind=simpo");
    training(simpo, shifted(0, 1, 1)).requirePolicyIsReference();
    assertFalse(PreferenceTraining.needsReference(simpo));
    assertTrue(PreferenceTraining.needsReference(CONFIG));
  }

  @Test
  void aPairIsNamedWhicheverOfItsResponsesIsTheItem() {
    RunConfig ipo = CONFIG.with("loss.kind=ipo", "loss.ipoTau=0.5");
    String message =
        assertThrows(
                IllegalArgumentException.class,
                training(ipo, shifted(2, 1, 0))::requirePolicyIsReference)
            .getMessage();
    assertTrue(message.startsWith("the loss term at step 0 is not 1/(4τ²): of problem train-2 "));
  }

  @Test
  void stepsTakeThePairsInTurn() {
    PreferenceTraining training = training(CONFIG, pairs);
    assertEquals(
        List.of("train-0", "train-1", "train-2"),
        training.batch(0).stream().map(PreferencePair::problemId).toList());
    assertEquals(
        List.of("train-3", "train-0", "train-1"),
        training.batch(1).stream().map(PreferencePair::problemId).toList());
    assertEquals(5, training.totalSteps());
    assertEquals(0, training.step());
  }

  @Test
  void anIterationShufflesItsPairsInItsOwnOrder() {
    RunConfig shuffled = CONFIG.with("train.batchSize=4", "train.shuffle=true");
    List<List<PreferencePair>> orders =
        IntStream.range(0, 6)
            .mapToObj(iteration ->
                new PreferenceTraining(shuffled, backend, policy, pairs, iteration).batch(0))
            .distinct()
            .toList();
    assertTrue(orders.size() > 2, orders.size() + " orders of six iterations");
  }

  @Test
  void stepsFollowFromTheNumberOfPairsOrAreSet() {
    assertEquals(5, PreferenceTraining.steps(CONFIG, 4));
    RunConfig epochs = CONFIG.with("train.steps=0", "train.epochs=2");
    assertEquals(3, PreferenceTraining.steps(epochs, 4), "8 of 9");
    assertEquals(4, PreferenceTraining.steps(epochs, 5), "10 of 12");
    assertEquals(2, PreferenceTraining.steps(epochs, 3), "6 of 6");
  }

  @Test
  void aMicroBatchHoldsTheBudgetOrTheLargestPair() {
    assertEquals(7, PreferenceTraining.largest(CONFIG, pairs));
    assertEquals(5, PreferenceTraining.largest(CONFIG.with("loss.kind=sft"), pairs));
    assertEquals(1, PreferenceTraining.largest(CONFIG, List.of()));
    RunConfig small = CONFIG.with("train.tokenBudget=16");
    assertEquals(
        16, PreferenceTraining.trainer(small, backend, Group.alone(), policy, pairs).tokenBudget());
    assertEquals(
        20,
        PreferenceTraining.trainer(small, backend, Group.alone(), policy.parameters(), 20)
            .tokenBudget());
  }

  @Test
  void metricsHaveTheRateAndTheNormOfEachStep() throws Exception {
    RunConfig warm = CONFIG.with("optimizer.learningRate=0.01", "optimizer.warmupSteps=4");
    PreferenceTraining training = training(warm, pairs);
    List<StepMetrics> lines = new ArrayList<>();
    training.runTo(2, lines::add);
    assertEquals(2, training.step());
    assertEquals(List.of(1, 2), lines.stream().map(StepMetrics::step).toList());
    assertEquals(0.0025, lines.get(0).get("learningRate"), 1e-15);
    assertEquals(0.005, lines.get(1).get("learningRate"), 1e-15);
    assertEquals(Math.log(2), lines.get(0).get("dpo"), 1e-6);
    assertTrue(lines.get(0).get("gradNorm") > 0);
    assertTrue(lines.get(0).get("tokensPerSecond") > 0);
  }
}
