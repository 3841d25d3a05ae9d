package dev.irpo.pair;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.irpo.pair.PairBuilder.Outcome;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PairBuilderTest {
  private static final int[] PROMPT = {1, 5, 6};
  private static final PairBuilder FIVE = new PairBuilder(5, 100, false);

  /// Candidates with `lengths` tokens each, all different, numbered from `first`.
  private static List<Candidate> candidates(int first, int... lengths) {
    Candidate[] result = new Candidate[lengths.length];
    for (int i = 0; i < lengths.length; i++) {
      int[] ids = new int[lengths[i]];
      Arrays.fill(ids, 10 + first + i);
      result[i] = new Candidate(first + i, ids, -first - i);
    }
    return List.of(result);
  }

  private static List<PreferencePair> pairs(Outcome outcome) {
    return assertInstanceOf(Outcome.Pairs.class, outcome).pairs();
  }

  private static DropReason reason(Outcome outcome) {
    Outcome.Dropped dropped = assertInstanceOf(Outcome.Dropped.class, outcome);
    assertEquals("problem", dropped.problemId());
    return dropped.reason();
  }

  private static Outcome build(
      PairBuilder builder, List<Candidate> winners, List<Candidate> losers) {
    return builder.build("problem", PROMPT, winners, losers);
  }

  @Test
  void winnersAndLosersAreWalkedTogetherEachFromItsStartAgain() {
    List<PreferencePair> pairs = pairs(build(FIVE, candidates(0, 2, 2), candidates(7, 3, 3, 3)));
    assertEquals(List.of(0, 1, 0, 1, 0), pairs.stream().map(PreferencePair::chosenSample).toList());
    assertEquals(
        List.of(7, 8, 9, 7, 8), pairs.stream().map(PreferencePair::rejectedSample).toList());
  }

  @Test
  void aPairCarriesPromptIdsAndReferenceLogProbsOfItsHalves() {
    PreferencePair pair =
        pairs(build(FIVE, candidates(PreferencePair.GOLD, 4), candidates(7, 2))).getFirst();
    assertEquals("problem", pair.problemId());
    assertEquals(PreferencePair.GOLD, pair.chosenSample());
    assertEquals(7, pair.rejectedSample());
    assertArrayEquals(PROMPT, pair.promptIds());
    assertArrayEquals(new int[] {9, 9, 9, 9}, pair.chosenIds());
    assertArrayEquals(new int[] {17, 17}, pair.rejectedIds());
    assertEquals(1, pair.chosenReferenceLogProb());
    assertEquals(-7, pair.rejectedReferenceLogProb());
  }

  @Test
  void aPromptWithoutALoserOrAWinnerIsDroppedForThatReason() {
    assertEquals(DropReason.NO_LOSER, reason(build(FIVE, candidates(0, 2), List.of())));
    assertEquals(DropReason.NO_WINNER, reason(build(FIVE, List.of(), candidates(0, 2))));
    assertEquals(DropReason.NO_LOSER, reason(build(FIVE, List.of(), List.of())));
  }

  @Test
  void whatIsTooLongIsLeftOutAndTheRestIsWalked() {
    PairBuilder tight = new PairBuilder(3, PROMPT.length + 4, false);
    List<PreferencePair> pairs =
        pairs(build(tight, candidates(0, 5, 4, 9), candidates(7, 4, 5, 1)));
    assertEquals(List.of(1, 1, 1), pairs.stream().map(PreferencePair::chosenSample).toList());
    assertEquals(List.of(7, 9, 7), pairs.stream().map(PreferencePair::rejectedSample).toList());
  }

  @Test
  void aPromptOfWhichOneSideIsTooLongIsDroppedAsTooLong() {
    PairBuilder tight = new PairBuilder(3, PROMPT.length + 4, false);
    assertEquals(DropReason.TOO_LONG, reason(build(tight, candidates(0, 5), candidates(7, 4))));
    assertEquals(DropReason.TOO_LONG, reason(build(tight, candidates(0, 4), candidates(7, 5))));
  }

  @Test
  void equalResponsesCountOnceOnlyWhereDuplicatesAreRemoved() {
    int[] same = {30, 31};
    List<Candidate> losers =
        List.of(
            new Candidate(4, same, -1),
            new Candidate(5, same.clone(), -1),
            new Candidate(6, new int[] {31, 30}, -2));
    List<Candidate> winners = candidates(0, 2);
    PairBuilder removing = new PairBuilder(4, 100, true);
    PairBuilder keeping = new PairBuilder(4, 100, false);
    assertEquals(
        List.of(4, 6, 4, 6),
        pairs(build(removing, winners, losers)).stream()
            .map(PreferencePair::rejectedSample)
            .toList());
    assertEquals(
        List.of(4, 5, 6, 4),
        pairs(build(keeping, winners, losers)).stream()
            .map(PreferencePair::rejectedSample)
            .toList());
  }

  @Test
  void reasonsReadAsWordsInFilesAndTables() {
    assertEquals("no-loser", DropReason.NO_LOSER.toString());
    assertEquals("no-winner", DropReason.NO_WINNER.toString());
    assertEquals("too-long", DropReason.TOO_LONG.toString());
  }
}
