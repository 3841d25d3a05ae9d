package dev.irpo.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.RunConfig;
import dev.irpo.transformer.train.LogProb;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossReads;
import dev.irpo.transformer.train.TrainItem.Pair;
import dev.irpo.transformer.train.TrainItem.Single;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Losses that others have published, of one pair: a chosen response of 4 tokens, a rejected one of
/// 10, both with the reference log-probability −20.
class PreferenceLossesTest {
  private static LossAt at(Loss<Pair> loss, double chosen, double rejected) {
    Pair pair = new Pair(new int[3], new int[4], new int[10], -20, -20);
    return LossAt.of(
        loss, pair, Map.of(Pair.PROMPT, -1.0, Pair.CHOSEN, chosen, Pair.REJECTED, rejected));
  }

  @Test
  void dpoSwappedCostsTheMarginMore() {
    DpoLoss dpo = new DpoLoss(0.5);
    double margin = 0.5 * (4 + 6);
    assertEquals(Math.log1p(Math.exp(-margin)), at(dpo, -16, -26).loss(), 1e-9);
    assertEquals(at(dpo, -16, -26).loss() + margin, at(dpo, -26, -16).loss(), 1e-9);
  }

  @Test
  void dpoPullsWithHalfOfBetaAtTheReferenceAndWithAllOfItFarBelow() {
    assertEquals(-0.25, at(new DpoLoss(0.5), -20, -20).slope(Pair.CHOSEN), 1e-9);
    assertEquals(-0.5, at(new DpoLoss(0.5), -2000, -20).slope(Pair.CHOSEN), 1e-9);
    assertEquals(0, at(new DpoLoss(0.5), -20, -2000).slope(Pair.CHOSEN), 1e-9);
  }

  @Test
  void ipoIsNothingWhereTheLogRatiosDifferByOneOverTwoTau() {
    IpoLoss ipo = new IpoLoss(0.25);
    LossAt reached = at(ipo, -19.5, -21.5);
    assertEquals(0, reached.loss(), 1e-12);
    assertEquals(0, reached.slope(Pair.CHOSEN), 1e-12);
    assertEquals(0, reached.slope(Pair.REJECTED), 1e-12);
  }

  @Test
  void ipoSwappedCostsTheMarginTwiceOverTauMore() {
    IpoLoss ipo = new IpoLoss(0.25);
    double margin = 4 + 6;
    assertEquals((margin - 2) * (margin - 2), at(ipo, -16, -26).loss(), 1e-9);
    assertEquals(at(ipo, -16, -26).loss() + 2 * margin / 0.25, at(ipo, -26, -16).loss(), 1e-9);
  }

  @Test
  void ipoFallsByOneOverTauWithTheChosenLogProbAtTheReference() {
    assertEquals(-4, at(new IpoLoss(0.25), -20, -20).slope(Pair.CHOSEN), 1e-9);
    assertEquals(4, at(new IpoLoss(0.25), -20, -20).slope(Pair.REJECTED), 1e-9);
  }

  @Test
  void ipoPullsBackAPairThatIsWonByTooMuch() {
    assertEquals(2 * (1000 - 2), at(new IpoLoss(0.25), 980, -20).slope(Pair.CHOSEN), 1e-9);
  }

  @Test
  void simpoCostsTheSoftplusOfGammaWhereBothResponsesAreAsLikelyAToken() {
    LossAt equal = at(new SimpoLoss(2, 1.5), -2, -5);
    assertEquals(Math.log1p(Math.exp(1.5)), equal.loss(), 1e-9);
    assertEquals(-1, equal.metric("chosenReward"), 1e-6);
    assertEquals(-1, equal.metric("rejectedReward"), 1e-6);
  }

  @Test
  void simpoWithoutAMarginMirrorsItsSwap() {
    SimpoLoss simpo = new SimpoLoss(2, 0);
    double margin = 2 * (-2 / 4.0 + 9 / 10.0);
    assertEquals(Math.log1p(Math.exp(-margin)), at(simpo, -2, -9).loss(), 1e-9);
    assertEquals(Math.log1p(Math.exp(margin)), at(simpo, -3.6, -5).loss(), 1e-9);
  }

  @Test
  void simpoPullsWithBetaATokenOfALostPairAndNotAtAWonOne() {
    LossAt lost = at(new SimpoLoss(2, 1), -4000, -5);
    LossAt won = at(new SimpoLoss(2, 1), -2, -9000);
    assertEquals(-2 / 4.0, lost.slope(Pair.CHOSEN), 1e-9);
    assertEquals(2 / 10.0, lost.slope(Pair.REJECTED), 1e-9);
    assertEquals(0, won.slope(Pair.CHOSEN), 1e-9);
  }

  @Test
  void simpoAndSupervisedTrainingReadNoReference() {
    assertEquals(List.of(), LossReads.of(new SimpoLoss(2, 1)).references());
    assertEquals(List.of(), LossReads.of(new TokenLoss(false)).references());
    assertEquals(2, LossReads.of(new IpoLoss(1)).references().size());
  }

  @Test
  void supervisedTrainingDividesByTheTokensThatCount() {
    List<Single> items =
        List.of(new Single(new int[3], new int[4]), new Single(new int[5], new int[2]));
    assertEquals(4 + 2, new TokenLoss(false).divisor(items));
    assertEquals(2 + 4 + 4 + 2, new TokenLoss(true).divisor(items));
    assertTrue(LossReads.of(new TokenLoss(true)).logProbs().contains(Single.PROMPT));
  }

  @Test
  void supervisedTrainingCostsTheResponseAndThePromptWhereThatCounts() {
    Single item = new Single(new int[3], new int[4]);
    Map<LogProb<Single>, Double> at = Map.of(Single.PROMPT, -3.0, Single.RESPONSE, -5.0);
    LossAt response = LossAt.of(new TokenLoss(false), item, at);
    assertEquals(5, response.loss());
    assertEquals(-1, response.slope(Single.RESPONSE));
    LossAt both = LossAt.of(new TokenLoss(true), item, at);
    assertEquals(8, both.loss());
    assertEquals(-1, both.slope(Single.PROMPT));
    assertEquals(-1, both.slope(Single.RESPONSE));
  }

  @Test
  void everyLossOfPairsShowsBothLogProbsAndRewards() {
    for (Loss<Pair> loss : List.of(new DpoLoss(0.5), new IpoLoss(0.25), new SimpoLoss(2, 1))) {
      LossAt found = at(loss, -16, -26);
      assertEquals(found.loss(), found.metric("loss"), 1e-6 * found.loss());
      assertEquals(-16, found.metric("chosenLogProb"));
      assertEquals(-26, found.metric("rejectedLogProb"));
      double margin = found.metric("chosenReward") - found.metric("rejectedReward");
      assertEquals(margin, found.metric("rewardMargin"), 1e-6);
      assertEquals(margin > 0 ? 1 : 0, found.metric("rewardAccuracy"));
    }
  }

  @Test
  void eachKindIsTheLossOfItsNameWithItsOwnSettings() {
    List<String> settings =
        List.of("loss.dpoBeta=0.3", "loss.ipoTau=0.7", "loss.simpoBeta=5", "loss.simpoGamma=0.2");
    Map<String, Loss<?>> expected =
        Map.of(
            "dpo", new DpoLoss(0.3),
            "sft", new TokenLoss(false),
            "ipo", new IpoLoss(0.7),
            "simpo", new SimpoLoss(5, 0.2));
    expected.forEach((kind, loss) -> {
      List<String> all = new ArrayList<>(settings);
      all.add("loss.kind=" + kind);
      assertEquals(loss, RunConfig.parse("", all).loss().loss());
    });
    assertInstanceOf(IrpoLoss.class, RunConfig.parse("", List.of("loss.kind=irpo")).loss().loss());
    assertEquals(expected.size() + 1, LossSettings.Kind.values().length);
  }
}
