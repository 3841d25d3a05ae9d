package dev.irpo.transformer.packing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Backend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.SlowBackend;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BudgetBucketsTest {
  /// Rows of the programs that were compiled, in that order.
  private final List<Integer> compiled = new ArrayList<>();

  /// Buckets whose program is the number of its rows.
  private BudgetBuckets<Integer> buckets(Backend backend, int tokenBudget) {
    return new BudgetBuckets<>(
        backend,
        tokenBudget,
        budget -> {
          compiled.add(budget.tokens());
          return budget.tokens();
        });
  }

  private BudgetBuckets<Integer> fast(int tokenBudget) {
    return buckets(new OutlineBackend(), tokenBudget);
  }

  private BudgetBuckets<Integer> slow(int tokenBudget) {
    return buckets(new SlowBackend(new OutlineBackend()), tokenBudget);
  }

  /// Sizes of all buckets that are there.
  private static List<Integer> sizes(BudgetBuckets<Integer> buckets) {
    List<Integer> sizes = new ArrayList<>();
    for (int used = 1; used <= buckets.largest().tokens(); used++) {
      int size = buckets.smallestFor(new Budget(used, 0, 0));
      if (!sizes.contains(size)) {
        sizes.add(size);
      }
    }
    return sizes;
  }

  @Test
  void sizesGrowByAboutAHalfUpToTheBudget() {
    assertEquals(List.of(64, 96, 128, 192, 200), sizes(fast(200)));
    assertEquals(List.of(64, 96, 128, 192), sizes(fast(192)));
    assertEquals(List.of(64, 96), sizes(fast(96)));
    assertEquals(List.of(64), sizes(fast(64)));
    assertEquals(List.of(50), sizes(fast(50)));
  }

  @Test
  void aProgramIsCompiledOnceAndWhenItIsNeeded() {
    BudgetBuckets<Integer> buckets = fast(200);
    assertEquals(List.of(), compiled);
    assertEquals(128, buckets.smallestFor(new Budget(97, 1, 1)));
    assertEquals(128, buckets.smallestFor(new Budget(128, 1, 1)));
    assertEquals(List.of(128), compiled);
  }

  @Test
  void aBatchTakesTheSmallestProgramThatHoldsItsRowsSegmentsAndScoredPositions() {
    BudgetBuckets<Integer> buckets = fast(200);
    assertEquals(64, buckets.smallestFor(new Budget(64, 16, 80)));
    assertEquals(96, buckets.smallestFor(new Budget(64, 17, 80)));
    assertEquals(96, buckets.smallestFor(new Budget(64, 16, 81)));
    assertEquals(96, buckets.smallestFor(new Budget(65, 16, 80)));
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> buckets.smallestFor(new Budget(201, 1, 1)))
            .getMessage();
    assertTrue(message.contains("201") && message.contains("200"), message);
  }

  @Test
  void growingAddsEverySizeUpToTheFirstThatIsLargeEnough() {
    BudgetBuckets<Integer> buckets = fast(200);
    buckets.growTo(200);
    assertEquals(200, buckets.largest().tokens());
    buckets.growTo(300);
    assertEquals(List.of(64, 96, 128, 192, 200, 256, 384), sizes(buckets));
    buckets.growTo(384);
    assertEquals(384, buckets.largest().tokens());
  }

  @Test
  void whereCompilingIsSlowThereAreTwoSizesCompiledAtOnce() {
    slow(400);
    assertEquals(List.of(100, 400), compiled);
    compiled.clear();
    slow(100);
    assertEquals(List.of(64, 100), compiled);
    compiled.clear();
    slow(64);
    assertEquals(List.of(64), compiled);
  }

  @Test
  void whereCompilingIsSlowGrowingAddsOneSize() {
    BudgetBuckets<Integer> buckets = slow(200);
    buckets.growTo(384);
    assertEquals(List.of(64, 200, 384), sizes(buckets));
    assertEquals(List.of(64, 200, 384), compiled);
  }

  @Test
  void aBudgetHasRoomForSegmentsOfFourTokensAndForScoringEveryToken() {
    assertEquals(new Budget(400, 100, 500), Budget.ofTokens(400));
    assertEquals(new Budget(1, 16, 17), Budget.ofTokens(1));
    String message =
        assertThrows(IllegalArgumentException.class, () -> Budget.ofTokens(0)).getMessage();
    assertEquals("the token budget is 0, it must be positive", message);
  }

  @Test
  void aBudgetHoldsWhatExceedsItInNothing() {
    Budget budget = new Budget(10, 5, 12);
    assertTrue(budget.holds(budget));
    assertFalse(budget.holds(new Budget(11, 5, 12)));
    assertFalse(budget.holds(new Budget(10, 6, 12)));
    assertFalse(budget.holds(new Budget(10, 5, 13)));
  }
}
