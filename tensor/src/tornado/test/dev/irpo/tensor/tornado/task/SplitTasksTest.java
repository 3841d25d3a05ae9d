package dev.irpo.tensor.tornado.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class SplitTasksTest {
  private static final int ELEMENTS = 1 << 14;
  private static final FloatArray POWERS = FloatArray.fromArray(RoundingTasks.powers());

  /// Numbers of all magnitudes, ties between two bfloat16, borders of exponents.
  private static FloatArray numbers() {
    FloatArray numbers = new FloatArray(ELEMENTS);
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < ELEMENTS; i++) {
      int bits = random.nextInt();
      float value =
          switch (i % 4) {
            case 0 -> Float.intBitsToFloat((bits & 0xffff_0000) | 0x8000); // a tie
            case 1 -> Float.intBitsToFloat(bits | 0x007f_ffff); // before a power of two
            default -> Float.intBitsToFloat(bits);
          };
      numbers.set(i, Float.isFinite(value) && Math.abs(value) < 0x1p127f ? value : i);
    }
    numbers.set(0, 0);
    numbers.set(1, -0f);
    numbers.set(2, Float.NaN);
    numbers.set(3, Float.POSITIVE_INFINITY);
    numbers.set(4, Float.NEGATIVE_INFINITY);
    return numbers;
  }

  private static float part(IntArray parts, int part, int index) {
    return RoundingTasks.element(parts, POWERS, part * ELEMENTS + index);
  }

  private static IntArray split(FloatArray numbers) {
    IntArray parts = new IntArray(SplitTasks.PARTS * ELEMENTS / 2);
    SplitTasks.split(parts, numbers, 0, POWERS, ELEMENTS / 2);
    return parts;
  }

  @Test
  void threePartsAreTheNumber() {
    FloatArray numbers = numbers();
    IntArray parts = split(numbers);
    for (int i = 0; i < ELEMENTS; i++) {
      float x = numbers.get(i);
      double sum = (double) part(parts, 0, i) + part(parts, 1, i) + part(parts, 2, i);
      if (!Float.isFinite(x)) {
        assertTrue(Double.isNaN(sum), x + " must not become a number");
      } else {
        double left = Math.abs(x) < 0x1p-110f ? 0x1p-134 : 0;
        assertEquals(x, sum, left);
      }
    }
  }

  @Test
  void theFirstPartIsTheNearestBfloat16() {
    FloatArray numbers = numbers();
    for (int i = 0; i < ELEMENTS; i++) {
      float x = numbers.get(i);
      if (Float.isFinite(x)) {
        int expected = HalfPrecision.narrowed(DType.BF16, x) & 0xffff;
        assertEquals(expected, RoundingTasks.nearest(x, POWERS), () -> "of " + x);
      }
    }
  }

  @Test
  @Tag("device")
  void aDeviceSplitsAndAddsAsJavaDoes() throws TornadoExecutionPlanException {
    FloatArray numbers = numbers();
    IntArray parts = new IntArray(SplitTasks.PARTS * ELEMENTS / 2);
    FloatArray products = new FloatArray(SplitTasks.PARTS * ELEMENTS);
    for (int i = 0; i < products.getSize(); i++) {
      products.set(i, (i % 1001 - 500) * 0.37f);
    }
    FloatArray sums = new FloatArray(ELEMENTS);
    TaskGraph graph = new TaskGraph("split");
    graph.transferToDevice(DataTransferMode.EVERY_EXECUTION, numbers, POWERS, products);
    graph.task("split", SplitTasks::split, parts, numbers, 0, POWERS, ELEMENTS / 2);
    graph.task("addParts", SplitTasks::addParts, sums, 0, products, ELEMENTS);
    graph.transferToHost(DataTransferMode.EVERY_EXECUTION, parts, sums);
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      var _ = plan.execute();
    }
    IntArray expected = split(numbers);
    for (int i = 0; i < parts.getSize(); i++) {
      assertEquals(expected.get(i), parts.get(i), "pair " + i);
    }
    FloatArray expectedSums = new FloatArray(ELEMENTS);
    SplitTasks.addParts(expectedSums, 0, products, ELEMENTS);
    for (int i = 0; i < ELEMENTS; i++) {
      assertEquals(
          expectedSums.get(i), sums.get(i), 2 * 555 * 0x1p-24f, "two roundings in any order");
    }
  }
}
