package dev.irpo.transformer.packing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.TinyModel;
import dev.irpo.transformer.packing.SharedPrompt.Response;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Where the rows of items lie, in a vocabulary of 61 tokens and a context of 96.
class PackedBatchTest {
  private static final LlamaConfig CONFIG = TinyModel.config(true);
  private static final int NOT_SCORED = SharedPrompt.NOT_SCORED;

  /// Seven rows, four segments, eight scored positions.
  private static final SharedPrompt PAIR =
      new SharedPrompt(
          new int[] {5, 6, 7},
          0,
          List.of(new Response(new int[] {8, 9}, 1), new Response(new int[] {10, 11, 12}, 2)));

  private static final SharedPrompt SHORT =
      new SharedPrompt(new int[] {20}, 0, List.of(new Response(new int[] {21}, 1)));

  private static SharedPrompt promptOf(int tokens) {
    return new SharedPrompt(new int[tokens], NOT_SCORED, List.of());
  }

  @Test
  void responsesFollowTheirPromptAndTheLastTokenOfEachNeedsNoRow() {
    PackedBatch batch = new PackedBatch(new Budget(10, 6, 12), CONFIG);
    assertTrue(batch.add(PAIR));
    assertTrue(batch.add(SHORT));
    assertArrayEquals(new int[] {5, 6, 7, 8, 10, 11, 20, 0, 0, 0}, batch.tokens);
    assertArrayEquals(new int[] {0, 1, 2, 3, 3, 4, 0, 0, 0, 0}, batch.positions);
    int[] table = {0, 3, -1, 3, 1, 0, 4, 2, 0, 6, 1, -1, 0, 0, -1, 0, 0, -1};
    assertArrayEquals(table, batch.segments);
  }

  @Test
  void aScoredPositionIsTheRowBeforeItsToken() {
    PackedBatch batch = new PackedBatch(new Budget(10, 6, 10), CONFIG);
    batch.add(PAIR);
    batch.add(SHORT);
    assertArrayEquals(new int[] {0, 1, 2, 3, 2, 4, 5, 6, -1, -1}, batch.rows);
    assertArrayEquals(new int[] {6, 7, 8, 9, 10, 11, 12, 21, 0, 0}, batch.targets);
    assertArrayEquals(new int[] {0, 0, 1, 1, 2, 2, 2, 1, -1, -1}, batch.sums);
    assertArrayEquals(new int[] {0, 0, 0, 0, 0, 0, 0, 1, -1, -1}, batch.items);
    assertEquals(new Budget(7, 4, 8), batch.used());
    assertEquals(2, batch.numItems());
  }

  @Test
  void whatIsNotScoredHasRowsOnly() {
    PackedBatch batch = new PackedBatch(new Budget(8, 4, 4), CONFIG);
    Response scored = new Response(new int[] {8, 9}, 0);
    Response computed = new Response(new int[] {10, 11, 12}, NOT_SCORED);
    batch.add(new SharedPrompt(new int[] {5, 6, 7}, NOT_SCORED, List.of(computed, scored)));
    assertArrayEquals(new int[] {5, 6, 7, 10, 11, 8, 0, 0}, batch.tokens);
    assertArrayEquals(new int[] {2, 5, -1, -1}, batch.rows);
    assertArrayEquals(new int[] {8, 9, 0, 0}, batch.targets);
    assertEquals(new Budget(6, 3, 2), batch.used());
  }

  @Test
  void anItemIsAddedWhileRowsSegmentsAndScoredPositionsLast() {
    Budget both = new Budget(7, 4, 8);
    assertTrue(added(both));
    assertFalse(added(new Budget(6, 4, 8)));
    assertFalse(added(new Budget(7, 3, 8)));
    assertFalse(added(new Budget(7, 4, 7)));
  }

  private static boolean added(Budget budget) {
    PackedBatch batch = new PackedBatch(budget, CONFIG);
    assertTrue(batch.add(PAIR));
    boolean added = batch.add(SHORT);
    assertEquals(added ? 2 : 1, batch.numItems());
    assertEquals(added ? 7 : 6, batch.used().tokens());
    return added;
  }

  @Test
  void itemsArePackedInTheirOrderIntoAsFewBatchesAsThatAllows() {
    List<SharedPrompt> items =
        List.of(promptOf(3), promptOf(4), promptOf(5), promptOf(3), promptOf(8), promptOf(1));
    List<PackedBatch> batches = PackedBatch.pack(items, new Budget(8, 16, 16), CONFIG);
    assertEquals(List.of(2, 2, 1, 1), batches.stream().map(PackedBatch::numItems).toList());
    assertEquals(
        List.of(7, 8, 8, 1), batches.stream().map(batch -> batch.used().tokens()).toList());
    assertEquals(List.of(), PackedBatch.pack(List.of(), new Budget(8, 16, 16), CONFIG));
  }

  @Test
  void theContextMayBeFilledToItsLastPosition() {
    PackedBatch batch = new PackedBatch(Budget.ofTokens(200), CONFIG);
    Response longest = new Response(new int[86], 0);
    assertTrue(batch.add(new SharedPrompt(new int[10], NOT_SCORED, List.of(longest))));
    List<Response> tooLong = List.of(new Response(new int[2], 0), new Response(new int[87], 0));
    assertRefused(
        batch,
        new SharedPrompt(new int[10], NOT_SCORED, tooLong),
        "prompt and response have 97 tokens, the context holds 96; shorten them or leave them out");
  }

  @Test
  void whatNoMicroBatchHoldsIsRefusedWithBothSizes() {
    PackedBatch batch = new PackedBatch(new Budget(5, 4, 8), CONFIG);
    assertRefused(
        batch,
        PAIR,
        "a prompt with its responses takes 6 rows and 3 segments, a micro-batch has 5 and 4;"
            + " raise the token budget");
    assertEquals(0, batch.numItems());
    PackedBatch fewScored = new PackedBatch(new Budget(6, 3, 6), CONFIG);
    assertThrows(IllegalArgumentException.class, () -> fewScored.add(PAIR));
    assertTrue(new PackedBatch(new Budget(6, 3, 7), CONFIG).add(PAIR));
  }

  @Test
  void tokensThatTheVocabularyLacksAreRefused() {
    PackedBatch batch = new PackedBatch(Budget.ofTokens(64), CONFIG);
    assertRefused(
        batch,
        new SharedPrompt(new int[] {1, 61}, 0, List.of()),
        "token 1 is 61, the vocabulary has 61; use the tokenizer of this model");
    assertRefused(
        batch,
        new SharedPrompt(new int[] {1}, 0, List.of(new Response(new int[] {-1}, 0))),
        "token 0 is -1, the vocabulary has 61; use the tokenizer of this model");
    assertTrue(batch.add(new SharedPrompt(new int[] {0, 60}, 0, List.of())));
  }

  @Test
  void aPromptWithoutTokensIsRefused() {
    Exception thrown =
        assertThrows(
            IllegalArgumentException.class, () -> new SharedPrompt(new int[0], 0, List.of()));
    assertTrue(thrown.getMessage().contains("begin it with BOS"), thrown::getMessage);
  }

  @Test
  void aBatchIsEmptyUntilSomethingIsAdded() {
    PackedBatch batch = new PackedBatch(new Budget(3, 2, 4), CONFIG);
    assertEquals(new Budget(0, 0, 0), batch.used());
    assertArrayEquals(new int[] {0, 0, -1, 0, 0, -1}, batch.segments);
    assertTrue(Arrays.stream(batch.rows).allMatch(row -> row == -1));
  }

  private static void assertRefused(PackedBatch batch, SharedPrompt item, String message) {
    Exception thrown = assertThrows(IllegalArgumentException.class, () -> batch.add(item));
    assertEquals(message, thrown.getMessage());
  }
}
