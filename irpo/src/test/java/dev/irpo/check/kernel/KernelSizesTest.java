package dev.irpo.check.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.model.PublishedModels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KernelSizesTest {
  private static final double FLOPS = 1e9;
  private static final double BYTES = 1.2e9;

  private static final KernelSizes LARGE =
      KernelSizes.of(PublishedModels.find("llama-2-7b").orElseThrow(), 264, 16);

  private static KernelSizes within(KernelCase kernel) {
    return LARGE.within(kernel.work(), FLOPS, BYTES);
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void everyKernelOfALargeModelIsCutToTheLimits(KernelCase kernel) {
    KernelSizes sizes = within(kernel);
    assertTrue(kernel.work().referenceFlops(sizes) <= FLOPS);
    assertTrue(kernel.work().bytes(sizes) <= BYTES);
    assertTrue(sizes.rows() >= 3);
    assertTrue(sizes.slots() >= 2);
    assertEquals(LARGE.embedDim(), sizes.embedDim());
    assertEquals(LARGE.numHeads(), sizes.numHeads());
  }

  @Test
  void rowsAreCutBeforeWidthsWhereTheyTakeTheTime() {
    KernelSizes linear = within(KernelCase.LINEAR);
    assertEquals(LARGE.ffnDim(), linear.ffnDim());
    assertTrue(linear.rows() < 20, linear::toString);
    assertEquals(LARGE.vocabSize(), within(KernelCase.TOKEN_LOG_PROBS).vocabSize());
  }

  @Test
  void aWidthIsCutWhereRowsTakeNone() {
    KernelSizes adamW = LARGE.within(KernelCase.ADAM_W.work(), FLOPS / 8, BYTES);
    assertEquals(LARGE.rows(), adamW.rows());
    assertEquals(LARGE.vocabSize(), adamW.vocabSize());
    assertTrue(adamW.ffnDim() < LARGE.ffnDim());
    KernelSizes scatter = LARGE.within(KernelCase.SCATTER_ADD_ROWS.work(), FLOPS, BYTES / 2);
    assertEquals(LARGE.rows(), scatter.rows());
    assertEquals(LARGE.ffnDim(), scatter.ffnDim());
    assertTrue(scatter.vocabSize() < LARGE.vocabSize());
  }

  @Test
  void whatCannotBeSmallerStaysAboveTheLimits() {
    KernelSizes least = LARGE.within(KernelCase.LINEAR.work(), 1, 1);
    assertEquals(3, least.rows());
    assertTrue(least.ffnDim() <= 64, least::toString);
  }

  @ParameterizedTest
  @EnumSource(KernelCase.class)
  void theDemoIsSmallEnoughAsItIs(KernelCase kernel) {
    KernelSizes demo = new KernelSizes(264, 160, 448, 512, 5, 5, 32, 16);
    assertEquals(demo, demo.within(kernel.work(), FLOPS, BYTES));
  }
}
