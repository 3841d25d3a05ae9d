package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SumsTest {
  private static final int MOST_BYTES = 20_000;

  /// Terms of random numbers, so that another order of addition gives other bits.
  private static List<MemorySegment> terms(Arena arena, int count, int elements) {
    SplittableRandom random = new SplittableRandom(count);
    List<MemorySegment> terms = new ArrayList<>();
    for (int t = 0; t < count; t++) {
      MemorySegment term = arena.allocate(ValueLayout.JAVA_FLOAT, elements);
      for (int i = 0; i < elements; i++) {
        term.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) random.nextGaussian());
      }
      terms.add(term);
    }
    return terms;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void termsAreAddedInTheirOrderWhicheverTheSumReplaces(int count) {
    for (int elements : new int[] {0, 1, 7, 2047, 2048, 2049, MOST_BYTES / 4}) {
      for (int own = 0; own < count; own++) {
        try (Arena arena = Arena.ofConfined()) {
          List<MemorySegment> terms = terms(arena, count, elements);
          float[] expected = new float[elements];
          for (int i = 0; i < elements; i++) {
            expected[i] = terms.getFirst().getAtIndex(ValueLayout.JAVA_FLOAT, i);
            for (MemorySegment next : terms.subList(1, count)) {
              expected[i] += next.getAtIndex(ValueLayout.JAVA_FLOAT, i);
            }
          }
          new Sums().add(terms, Element.F32, terms.get(own));
          for (int i = 0; i < elements; i++) {
            assertEquals(expected[i], terms.get(own).getAtIndex(ValueLayout.JAVA_FLOAT, i));
          }
        }
      }
    }
  }

  @Test
  void wholeNumbersWrapAndDoublesKeepTheirDigits() {
    MemorySegment ints = MemorySegment.ofArray(new int[] {Integer.MAX_VALUE, 3});
    new Sums().add(List.of(ints, MemorySegment.ofArray(new int[] {1, 4})), Element.INT32, ints);
    assertEquals(Integer.MIN_VALUE, ints.getAtIndex(ValueLayout.JAVA_INT, 0));
    assertEquals(7, ints.getAtIndex(ValueLayout.JAVA_INT, 1));
    MemorySegment doubles = MemorySegment.ofArray(new double[] {1});
    new Sums()
        .add(List.of(MemorySegment.ofArray(new double[] {1e-15}), doubles), Element.F64, doubles);
    assertEquals(1 + 1e-15, doubles.getAtIndex(ValueLayout.JAVA_DOUBLE, 0));
  }
}
