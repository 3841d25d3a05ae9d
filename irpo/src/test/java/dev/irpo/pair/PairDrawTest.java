package dev.irpo.pair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairDrawTest {
  private static final PairDraw HUNDRED = new PairDraw(100, 7);

  /// Five pairs of each problem.
  private static List<PreferencePair> pairs(int firstProblem, int problems) {
    List<PreferencePair> pairs = new ArrayList<>();
    for (int problem = firstProblem; problem < firstProblem + problems; problem++) {
      for (int i = 0; i < 5; i++) {
        int[] ids = {problem, i};
        pairs.add(new PreferencePair("train-" + problem, i - 1, 10 + i % 2, ids, ids, ids, -1, -2));
      }
    }
    return pairs;
  }

  private static List<PreferencePair> together(
      List<PreferencePair> some, List<PreferencePair> others) {
    List<PreferencePair> all = new ArrayList<>(some);
    all.addAll(others);
    return all;
  }

  @Test
  void asManyAreDrawnAsAreAskedForEachOnceAndInTheirOrder() {
    List<PreferencePair> all = pairs(0, 60);
    List<PreferencePair> drawn = HUNDRED.of(all);
    assertEquals(100, drawn.size());
    List<Integer> places = drawn.stream().map(all::indexOf).toList();
    assertEquals(places.stream().distinct().sorted().toList(), places);
  }

  @Test
  void fewerThanAskedForAreAllKeptAndZeroAsksForAll() {
    List<PreferencePair> all = pairs(0, 20);
    assertEquals(all, HUNDRED.of(all));
    assertEquals(pairs(0, 60).size(), new PairDraw(0, 7).of(pairs(0, 60)).size());
  }

  @Test
  void theSameKeyDrawsTheSameAndAnotherKeyOthers() {
    List<PreferencePair> all = pairs(0, 60);
    assertEquals(HUNDRED.of(all), new PairDraw(100, 7).of(all));
    assertNotEquals(HUNDRED.of(all), new PairDraw(100, 8).of(all));
  }

  @Test
  void aDrawOfADrawWithMorePairsIsTheDrawOfAll() {
    List<PreferencePair> some = pairs(0, 60);
    List<PreferencePair> others = pairs(60, 30);
    assertEquals(
        HUNDRED.of(together(some, others)), HUNDRED.of(together(HUNDRED.of(some), others)));
  }

  @Test
  void everyPairIsDrawnEquallyOften() {
    List<PreferencePair> all = pairs(0, 40);
    int[] counts = new int[all.size()];
    int draws = 400;
    for (int key = 0; key < draws; key++) {
      new PairDraw(100, key).of(all).forEach(pair -> counts[all.indexOf(pair)]++);
    }
    double deviation = Math.sqrt(draws * 0.25);
    for (int count : counts) {
      assertTrue(Math.abs(count - draws / 2) < 5 * deviation, "drawn " + count + " times");
    }
  }
}
