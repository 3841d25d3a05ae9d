package dev.irpo.transformer.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.transformer.decode.DecodeProgram.Size;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What fits into a cache, how it is divided, and which sizes of programs there are.
class DecodeLimitsTest {
  /// Slots of two blocks each, then prompts of three.
  private static final DecodeLimits LIMITS = new DecodeLimits(4, 3, 70, 40, 64);

  private static String refusal(Supplier<Object> made) {
    return assertThrows(IllegalArgumentException.class, made::get).getMessage();
  }

  @Test
  void slotsLieBeforePromptsInWholeBlocks() {
    assertEquals(0, LIMITS.slotBlock(0));
    assertEquals(6, LIMITS.slotBlock(3));
    assertEquals(8, LIMITS.promptBlock(0));
    assertEquals(14, LIMITS.promptBlock(2));
    assertEquals(17, LIMITS.totalBlocks());
    assertEquals(110, LIMITS.numPositions());
  }

  @Test
  void moreSamplesOfAPromptNeedFewerPromptsAtATime() {
    assertEquals(new DecodeLimits(8, 12, 70, 40, 64), DecodeLimits.of(8, 1, 70, 40));
    assertEquals(8, DecodeLimits.of(8, 4, 70, 40).promptsInFlight());
    assertEquals(4, DecodeLimits.of(8, 30, 70, 40).promptsInFlight());
    assertEquals(12, DecodeLimits.of(8, 2, 70, 40).promptsInFlight(), "no more than for one");
  }

  @Test
  void whatIsNotPositiveIsRefused() {
    List<Supplier<Object>> wrong =
        List.of(
            () -> new DecodeLimits(0, 3, 70, 40, 64),
            () -> new DecodeLimits(4, 0, 70, 40, 64),
            () -> new DecodeLimits(4, 3, 0, 40, 64),
            () -> new DecodeLimits(4, 3, 70, 0, 64),
            () -> new DecodeLimits(4, 3, 70, 40, 0));
    wrong.forEach(limits -> {
      String message = refusal(limits);
      assertTrue(message.contains(" 0") && message.endsWith(" must be positive"), message);
    });
    assertEquals(2, new DecodeLimits(1, 1, 1, 1, 1).totalBlocks());
  }

  @Test
  void aCacheOfMorePositionsThanAnIntegerCountsIsRefused() {
    int most = Integer.MAX_VALUE / 32;
    assertEquals(most, new DecodeLimits(most - 2, 2, 32, 32, 1).totalBlocks());
    String message = refusal(() -> new DecodeLimits(most - 1, 2, 32, 32, 1));
    assertTrue(message.contains((most - 1) + " with 32 new tokens"), message);
    assertTrue(message.endsWith("use fewer slots"), message);
    assertTrue(
        refusal(() -> new DecodeLimits(1, 1 << 20, 1 << 20, 1, 1)).endsWith("use fewer slots"));
  }

  @Test
  void theNumbersOfRowsAreRoundedUpByAtMostAHalf() {
    assertEquals(
        List.of(1, 1, 2, 3, 4, 6, 6, 8, 8, 12, 12, 12, 12, 16, 16, 16, 16, 24),
        IntStream.range(0, 18).mapToObj(rows -> new Size(rows, 1).roundedUp(100).rows()).toList());
    assertEquals(new Size(24, 6), new Size(20, 5).roundedUp(100));
  }

  @Test
  void theNumberOfSlotsIsASizeOfItsOwn() {
    assertEquals(new Size(5, 5), new Size(5, 5).roundedUp(5));
    assertEquals(new Size(10, 10), new Size(9, 9).roundedUp(10));
    assertEquals(new Size(12, 10), new Size(11, 10).roundedUp(10));
  }

  @Test
  void theLargestRunHasEverySlotAndTheLastRowsOfAsManyPromptsAsThereAre() {
    assertEquals(new Size(68, 7), Size.largest(LIMITS));
    assertEquals(new Size(6, 6), Size.largest(new DecodeLimits(4, 3, 70, 40, 2)));
  }

  @Test
  void whereCompilingIsSlowThereAreThreeSizes() {
    assertEquals(
        List.of(new Size(2, 2), new Size(8, 8), new Size(72, 72)),
        Size.few(new DecodeLimits(8, 3, 70, 40, 64)));
    assertEquals(new Size(1, 1), Size.few(new DecodeLimits(3, 3, 70, 40, 64)).getFirst());
  }

  @Test
  void aSizeHoldsWhatExceedsItInNothing() {
    Size size = new Size(8, 4);
    assertTrue(size.holds(size));
    assertFalse(size.holds(new Size(9, 4)));
    assertFalse(size.holds(new Size(8, 5)));
  }

  private static SamplingSettings settings(double temperature, int topK, double topP, int tokens) {
    return new SamplingSettings(temperature, topK, topP, tokens, List.of());
  }

  @Test
  void settingsOutOfRangeAreRefusedByName() {
    assertEquals(
        "temperature is -0.1, it must be 0 or above", refusal(() -> settings(-0.1, 0, 1, 1)));
    assertTrue(refusal(() -> settings(1e6, 0, 1, 1)).startsWith("temperature is 1000000.0"));
    assertTrue(refusal(() -> settings(Double.NaN, 0, 1, 1)).startsWith("temperature is NaN"));
    assertEquals("top-k is -1, it must be 0 (off) or above", refusal(() -> settings(1, -1, 1, 1)));
    assertTrue(refusal(() -> settings(1, 0, 0, 1)).startsWith("top-p is 0.0, it must be above 0"));
    assertTrue(refusal(() -> settings(1, 0, 1.001, 1)).startsWith("top-p is 1.001"));
    assertEquals("max-new-tokens is 0, it must be 1 or above", refusal(() -> settings(1, 0, 1, 0)));
    assertEquals(settings(0, 0, 1, 7), SamplingSettings.greedy(7, List.of()));
  }

  @Test
  void aRequestNeedsAPromptAndAtLeastOneSample() {
    assertEquals(
        "the prompt of problem 3 has no tokens; begin it with BOS",
        refusal(() -> new GenerationRequest(3, new int[0], 0, 1)));
    assertTrue(
        refusal(() -> new GenerationRequest(3, new int[1], 0, 0)).contains("asks for 0 samples"));
    assertTrue(refusal(() -> new GenerationRequest(3, new int[1], -1, 1)).contains("number -1"));
  }
}
