package dev.irpo.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.config.LossSettings;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.autograd.Gradients;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.TrainItem;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The loss of one pair as a function of its log-probabilities, in double precision.
class IrpoLossTest {
  private static final Shape ONE = Shape.of(1);

  private record Sums(double prompt, double chosen, double rejected) {}

  private record References(double chosen, double rejected) {}

  private record Found(double loss, Map<String, Double> metrics, Map<String, Double> slopes) {
    double metric(String name) {
      return metrics.get(name);
    }
  }

  private static LossSettings settings(LossSettings.Version version, double beta, double alpha) {
    return new LossSettings(version, beta, alpha);
  }

  private static LossSettings v1() {
    return settings(LossSettings.Version.V1, 0.1, 1);
  }

  /// The loss with `inverseLength` 1/20 and weight 1.
  private static Found loss(LossSettings settings, Sums sums, References references) {
    IrpoLoss loss = new IrpoLoss(settings);
    Graph graph = new Graph();
    Map<String, Double> sumValues =
        Map.of(
            "promptLogProb", sums.prompt,
            "chosenLogProb", sums.chosen,
            "rejectedLogProb", sums.rejected);
    Map<String, Double> inputValues =
        Map.of(
            "weight",
            1.0,
            "inverseLength",
            0.05,
            "chosenReference",
            references.chosen,
            "rejectedReference",
            references.rejected);
    try (Backend backend = ReferenceBackend.inDoublePrecision()) {
      Map<String, Buffer> variables = new HashMap<>();
      Map<String, Tensor> sumTensors = new LinkedHashMap<>();
      for (String name : loss.sums()) {
        sumTensors.put(name, graph.variable(name, ONE));
        variables.put(name, buffer(backend, sumValues.get(name)));
        variables.put(Gradients.PREFIX + name, buffer(backend, 0));
      }
      Map<String, Tensor> inputs = new LinkedHashMap<>();
      loss.inputs().forEach(name -> inputs.put(name, graph.input(name, DType.F32, ONE)));
      Loss.Terms terms = loss.terms(sumTensors, inputs);
      graph.output(terms.loss());
      terms.metrics().values().forEach(graph::output);
      Gradients.of(terms.loss(), List.copyOf(sumTensors.values()));
      Program program = backend.compile(graph, variables);
      inputs.forEach((name, input) -> program.buffer(input).set(0, inputValues.get(name)));
      program.run();
      Map<String, Double> metrics = new HashMap<>();
      terms.metrics().forEach((name, metric) -> metrics.put(name, program.buffer(metric).get(0)));
      Map<String, Double> slopes = new HashMap<>();
      loss.sums().forEach(name -> slopes.put(name, variables.get(Gradients.PREFIX + name).get(0)));
      return new Found(program.buffer(terms.loss()).get(0), metrics, slopes);
    }
  }

  private static Buffer buffer(Backend backend, double value) {
    Buffer buffer = backend.allocate(1);
    buffer.set(0, value);
    buffer.markChanged();
    return buffer;
  }

  @Test
  void policyEqualToReferenceCostsLn2WhateverBetaIs() {
    for (double beta : new double[] {0.01, 0.1, 1, 100}) {
      for (LossSettings.Version version : LossSettings.Version.values()) {
        Found found =
            loss(settings(version, beta, 1), new Sums(-9, -40, -3), new References(-40, -3));
        assertEquals(Math.log(2), found.metric("dpo"), 1e-7);
        assertEquals(0, found.metric("chosenReward"));
        assertEquals(0, found.metric("rejectedReward"));
      }
    }
  }

  @Test
  void swappingChosenAndRejectedMirrorsTheDpoTerm() {
    Sums sums = new Sums(-9, -12, -30);
    Sums swapped = new Sums(-9, -30, -12);
    double margin = 0.1 * ((-12 + 15) - (-30 + 25));
    double dpo = loss(v1(), sums, new References(-15, -25)).metric("dpo");
    double mirrored = loss(v1(), swapped, new References(-25, -15)).metric("dpo");
    assertEquals(Math.log1p(Math.exp(-margin)), dpo, 1e-6);
    assertEquals(dpo + margin, mirrored, 1e-6);
  }

  @Test
  void rewardsAreBetaTimesTheLogRatioToTheReference() {
    LossSettings settings = settings(LossSettings.Version.V3, 0.5, 1);
    Found found = loss(settings, new Sums(-9, -12, -30), new References(-15, -25));
    assertEquals(1.5, found.metric("chosenReward"), 1e-6);
    assertEquals(-2.5, found.metric("rejectedReward"), 1e-6);
  }

  @Test
  void atTheReferenceTheDpoTermFallsByHalfOfBetaWithTheChosenLogProb() {
    LossSettings settings = settings(LossSettings.Version.V3, 0.1, 0);
    Found found = loss(settings, new Sums(-9, -20, -30), new References(-20, -30));
    assertEquals(-0.05, found.slopes.get("chosenLogProb"), 1e-7);
    assertEquals(0.05, found.slopes.get("rejectedLogProb"), 1e-7);
    assertEquals(0, found.slopes.get("promptLogProb"));
  }

  @Test
  void aWonPairPullsNoMoreAndALostOnePullsWithAllOfBeta() {
    LossSettings settings = settings(LossSettings.Version.V3, 0.1, 0);
    Found won = loss(settings, new Sums(0, -20, -2000), new References(-1000, -30));
    Found lost = loss(settings, new Sums(0, -2000, -20), new References(-30, -1000));
    assertEquals(0, won.slopes.get("chosenLogProb"), 1e-9);
    assertEquals(0, won.metric("dpo"), 1e-9);
    assertEquals(-0.1, lost.slopes.get("chosenLogProb"), 1e-7);
    assertEquals(295, lost.metric("dpo"), 1e-4);
  }

  @Test
  void versionOneCountsThePromptInTheLikelihoodAndVersionThreeDoesNot() {
    Sums sums = new Sums(-9, -12, -30);
    References references = new References(-15, -25);
    Found v1 = loss(v1(), sums, references);
    Found v3 = loss(settings(LossSettings.Version.V3, 0.1, 1), sums, references);
    assertEquals((9 + 12) / 20.0, v1.metric("nll"), 1e-6);
    assertEquals(12 / 20.0, v3.metric("nll"), 1e-6);
    assertEquals(v1.metric("dpo"), v3.metric("dpo"));
    assertEquals(-1 / 20.0, v1.slopes.get("promptLogProb"), 1e-7);
    assertEquals(0, v3.slopes.get("promptLogProb"));
  }

  @Test
  void alphaWeighsTheDpoTermInVersionOneAndTheLikelihoodInVersionThree() {
    Sums sums = new Sums(-9, -12, -30);
    References references = new References(-15, -25);
    Found v1 = loss(settings(LossSettings.Version.V1, 0.1, 0.25), sums, references);
    Found v3 = loss(settings(LossSettings.Version.V3, 0.1, 0.25), sums, references);
    assertEquals(v1.metric("nll") + 0.25 * v1.metric("dpo"), v1.loss, 1e-6);
    assertEquals(v3.metric("dpo") + 0.25 * v3.metric("nll"), v3.loss, 1e-6);
    assertEquals(v1.loss, v1.metric("loss"), 1e-7);
  }

  @Test
  void lengthsCountThePromptInVersionOneOnly() {
    PreferencePair pair =
        new PreferencePair("p", 0, 1, new int[] {1, 2, 3}, new int[] {4, 5}, new int[] {6}, -7, -8);
    TrainItem v1 = new IrpoLoss(v1()).item(pair, 0.5);
    TrainItem v3 = new IrpoLoss(settings(LossSettings.Version.V3, 0.1, 1)).item(pair, 0.5);
    assertArrayEquals(new float[] {0.5f, 0.2f, -7, -8}, v1.inputs());
    assertArrayEquals(new float[] {0.5f, 0.5f, -7, -8}, v3.inputs());
    assertEquals(SharedPrompt.NOT_SCORED, v3.tokens().promptSum());
  }
}
