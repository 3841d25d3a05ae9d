package dev.irpo.transformer.parallel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Each element of a slice against its row and column in the whole.
class CutTest {
  private static final int SLICES = 3;

  @ParameterizedTest
  @CsvSource({"12, 5, 4, 5", "4, 15, 4, 5", "6, 7, 6, 7", "3, 3, 3, 1"})
  void rangesAndRunsAreWhereRowsAndColumnsSay(int rows, int columns, int ownRows, int ownColumns) {
    Cut cut = new Cut(Shape.of(rows, columns), Shape.of(ownRows, ownColumns));
    int slices = cut.isWhole() ? 1 : SLICES;
    int own = ownRows * ownColumns;
    for (int begin = 0; begin < own; begin++) {
      for (int end = begin + 1; end <= own; end++) {
        TreeSet<Long> expected = new TreeSet<>();
        for (int slice = 0; slice < slices; slice++) {
          List<Long> places = new ArrayList<>();
          for (int i = begin; i < end; i++) {
            places.add(inWhole(cut, slice, i));
          }
          expected.addAll(places);
          assertEquals(places, elements(cut.places(slice, begin, end), begin));
        }
        List<Long> found = new ArrayList<>();
        long before = -1;
        for (Cut.Range range : cut.ofSlices(begin, end)) {
          assertEquals(true, range.begin() > before, "ranges that touch are one");
          before = range.end();
          for (long i = range.begin(); i < range.end(); i++) {
            found.add(i);
          }
        }
        assertEquals(List.copyOf(expected), found);
      }
    }
    long all = cut.whole().numElements();
    for (long begin = 0; begin < all; begin++) {
      for (int slice = 0; slice < slices; slice++) {
        for (Cut.Run run : cut.runs(slice, begin, all)) {
          for (int i = 0; i < run.length(); i++) {
            assertEquals(inWhole(cut, slice, run.inSlice() + i), run.inWhole() + i);
          }
        }
      }
    }
  }

  private static long inWhole(Cut cut, int slice, long i) {
    long ownColumns = cut.own().size(1);
    boolean cutsRows = cut.own().size(0) < cut.whole().size(0);
    long row = i / ownColumns + (cutsRows ? slice * cut.own().size(0) : 0);
    long column = i % ownColumns + (cutsRows ? 0 : slice * ownColumns);
    return row * cut.whole().size(1) + column;
  }

  /// Where the elements of a range of a slice are in the whole, in their order.
  private static List<Long> elements(List<Cut.Run> places, long begin) {
    List<Long> elements = new ArrayList<>();
    for (Cut.Run place : places) {
      assertEquals(begin + elements.size(), place.inSlice());
      for (long i = 0; i < place.length(); i++) {
        elements.add(place.inWhole() + i);
      }
    }
    return elements;
  }
}
