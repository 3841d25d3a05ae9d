package dev.irpo.transformer.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.train.TrainItem.Labelled;
import dev.irpo.transformer.train.TrainItem.Pair;
import dev.irpo.transformer.train.TrainItem.Single;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Numbers of a step from those of its items, and what an item holds.
class MetricTest {
  private static final Graph GRAPH = new Graph();
  private static final Tensor FIRST = GRAPH.input("first", DType.F32, Shape.of(4));
  private static final Tensor SECOND = GRAPH.input("second", DType.F32, Shape.of(4));
  private static final Map<Tensor, float[]> ITEMS =
      Map.of(FIRST, new float[] {1, -2, 3, 4}, SECOND, new float[] {0.5f, -2, 8, 1});

  private static final Pair PAIR =
      new Pair(new int[] {1, 2, 3}, new int[] {4, 5}, new int[] {6, 7, 8, 9}, -1.5f, -2.5f);

  private static double of(Metric metric) {
    return metric.of(ITEMS::get);
  }

  @Test
  void aMeanIsOverAllItems() {
    assertEquals(1.5, of(new Metric.Mean(FIRST)));
    assertEquals(List.of(FIRST), new Metric.Mean(FIRST).tensors());
  }

  @Test
  void aDifferenceIsOfTheMeans() {
    assertEquals(1.5 - 7.5 / 4, of(new Metric.Difference(FIRST, SECOND)));
    assertEquals(7.5 / 4 - 1.5, of(new Metric.Difference(SECOND, FIRST)));
    assertEquals(List.of(FIRST, SECOND), new Metric.Difference(FIRST, SECOND).tensors());
  }

  @Test
  void aShareCountsItemsThatAreAboveAndNotThoseThatAreEqual() {
    assertEquals(0.5, of(new Metric.ShareAbove(FIRST, SECOND)));
    assertEquals(0.25, of(new Metric.ShareAbove(SECOND, FIRST)));
    assertEquals(List.of(FIRST, SECOND), new Metric.ShareAbove(FIRST, SECOND).tensors());
  }

  @Test
  void anItemTakesItsPromptOnceAndTheResponsesThatAreRead() {
    LossReads<Pair> all =
        new LossReads<>(List.of(Pair.PROMPT, Pair.CHOSEN, Pair.REJECTED), List.of());
    LossReads<Pair> rejected = new LossReads<>(List.of(Pair.REJECTED), List.of());
    assertEquals(9, all.packedTokens(PAIR));
    assertEquals(2, all.responses());
    assertEquals(7, rejected.packedTokens(PAIR));
    assertEquals(1, rejected.responses());
    assertEquals(List.of(PAIR), Pair.KIND.of(PAIR));
  }

  @Test
  void ofAPairAreItsChosenResponseOrBothWithTheirLabels() {
    Single single = Single.KIND.of(PAIR).getFirst();
    assertArrayEquals(PAIR.prompt(), Single.PROMPT.tokens(single));
    assertArrayEquals(PAIR.chosen(), Single.RESPONSE.tokens(single));
    Labelled good = Labelled.KIND.of(PAIR).get(0);
    Labelled bad = Labelled.KIND.of(PAIR).get(1);
    assertArrayEquals(PAIR.chosen(), Labelled.RESPONSE.tokens(good));
    assertArrayEquals(PAIR.rejected(), Labelled.RESPONSE.tokens(bad));
    assertEquals(1, Labelled.SIGN.of(good));
    assertEquals(-1, Labelled.SIGN.of(bad));
    assertEquals(-1.5, Labelled.REFERENCE.of(good));
    assertEquals(-2.5, Labelled.REFERENCE.of(bad));
  }

  @Test
  void aNumberUnderTheReferenceIsNamedAfterItsLogProb() {
    assertEquals("chosenReference", Pair.CHOSEN_REFERENCE.name());
    assertEquals(Optional.of(Pair.REJECTED), Pair.REJECTED_REFERENCE.underReference());
    assertEquals(-2.5, Pair.REJECTED_REFERENCE.of(PAIR));
    assertTrue(Labelled.SIGN.underReference().isEmpty());
    assertEquals("rejectedLogProb", Pair.REJECTED.toString());
    assertEquals("rejected", Pair.REJECTED.part());
  }

  @Test
  void onlyWhatIsReadIsPackedAndScored() {
    SharedPrompt both =
        new LossReads<>(List.of(Pair.PROMPT, Pair.CHOSEN, Pair.REJECTED), List.of()).packed(PAIR);
    assertEquals(0, both.promptSum());
    assertEquals(List.of(1, 2), both.responses().stream().map(SharedPrompt.Response::sum).toList());
    SharedPrompt rejected = new LossReads<>(List.of(Pair.REJECTED), List.of()).packed(PAIR);
    assertEquals(SharedPrompt.NOT_SCORED, rejected.promptSum());
    assertEquals(1, rejected.responses().size());
    assertEquals(0, rejected.responses().getFirst().sum());
    assertArrayEquals(PAIR.rejected(), rejected.responses().getFirst().tokens());
  }
}
