package dev.irpo.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.irpo.config.RunConfig;
import dev.irpo.transformer.train.LossReads;
import dev.irpo.transformer.train.TrainItem.Pair;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The paper's loss of one pair as a function of its log-probabilities: a prompt of 8 tokens, a
/// chosen response of 12 and a rejected one of 5.
class IrpoLossTest {
  private record Sums(double prompt, double chosen, double rejected) {}

  private record References(double chosen, double rejected) {}

  private static IrpoLoss loss(String version, double beta, double alpha) {
    RunConfig config =
        RunConfig.parse(
            "",
            List.of("loss.paperVersion=" + version, "loss.dpoBeta=" + beta, "loss.alpha=" + alpha));
    return new IrpoLoss(config.loss());
  }

  private static LossAt at(IrpoLoss loss, Sums sums, References references) {
    Pair pair =
        new Pair(
            new int[8],
            new int[12],
            new int[5],
            (float) references.chosen,
            (float) references.rejected);
    return LossAt.of(
        loss,
        pair,
        Map.of(Pair.PROMPT, sums.prompt, Pair.CHOSEN, sums.chosen, Pair.REJECTED, sums.rejected));
  }

  @Test
  void policyEqualToReferenceCostsLn2WhateverBetaIs() {
    for (double beta : new double[] {0.01, 0.1, 1, 100}) {
      for (String version : List.of("v1", "v3")) {
        LossAt found = at(loss(version, beta, 1), new Sums(-9, -40, -3), new References(-40, -3));
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
    IrpoLoss v1 = loss("v1", 0.1, 1);
    double dpo = at(v1, sums, new References(-15, -25)).metric("dpo");
    double mirrored = at(v1, swapped, new References(-25, -15)).metric("dpo");
    assertEquals(Math.log1p(Math.exp(-margin)), dpo, 1e-6);
    assertEquals(dpo + margin, mirrored, 1e-6);
  }

  @Test
  void rewardsAreBetaTimesTheLogRatioToTheReference() {
    LossAt found = at(loss("v3", 0.5, 1), new Sums(-9, -12, -30), new References(-15, -25));
    assertEquals(1.5, found.metric("chosenReward"), 1e-6);
    assertEquals(-2.5, found.metric("rejectedReward"), 1e-6);
    assertEquals(4, found.metric("rewardMargin"), 1e-6);
    assertEquals(1, found.metric("rewardAccuracy"));
  }

  @Test
  void atTheReferenceTheDpoTermFallsByHalfOfBetaWithTheChosenLogProb() {
    LossAt found = at(loss("v3", 0.1, 0), new Sums(-9, -20, -30), new References(-20, -30));
    assertEquals(-0.05, found.slope(Pair.CHOSEN), 1e-7);
    assertEquals(0.05, found.slope(Pair.REJECTED), 1e-7);
  }

  @Test
  void aWonPairPullsNoMoreAndALostOnePullsWithAllOfBeta() {
    IrpoLoss dpoAlone = loss("v3", 0.1, 0);
    LossAt won = at(dpoAlone, new Sums(0, -20, -2000), new References(-1000, -30));
    LossAt lost = at(dpoAlone, new Sums(0, -2000, -20), new References(-30, -1000));
    assertEquals(0, won.slope(Pair.CHOSEN), 1e-9);
    assertEquals(0, won.metric("dpo"), 1e-9);
    assertEquals(-0.1, lost.slope(Pair.CHOSEN), 1e-7);
    assertEquals(295, lost.metric("dpo"), 1e-4);
  }

  @Test
  void versionOneCountsThePromptInTheLikelihoodAndVersionThreeDoesNot() {
    Sums sums = new Sums(-9, -12, -30);
    References references = new References(-15, -25);
    LossAt v1 = at(loss("v1", 0.1, 1), sums, references);
    LossAt v3 = at(loss("v3", 0.1, 1), sums, references);
    assertEquals((9 + 12) / 20.0, v1.metric("nll"), 1e-6);
    assertEquals(12 / 12.0, v3.metric("nll"), 1e-6);
    assertEquals(v1.metric("dpo"), v3.metric("dpo"));
    assertEquals(-1 / 20.0, v1.slope(Pair.PROMPT), 1e-7);
    assertFalse(LossReads.of(loss("v3", 0.1, 1)).logProbs().contains(Pair.PROMPT));
  }

  @Test
  void alphaWeighsTheDpoTermInVersionOneAndTheLikelihoodInVersionThree() {
    Sums sums = new Sums(-9, -12, -30);
    References references = new References(-15, -25);
    LossAt v1 = at(loss("v1", 0.1, 0.25), sums, references);
    LossAt v3 = at(loss("v3", 0.1, 0.25), sums, references);
    assertEquals(v1.metric("nll") + 0.25 * v1.metric("dpo"), v1.loss(), 1e-6);
    assertEquals(v3.metric("dpo") + 0.25 * v3.metric("nll"), v3.loss(), 1e-6);
    assertEquals(v1.loss(), v1.metric("loss"), 1e-7);
  }
}
