package dev.irpo.transformer.parallel;

import dev.irpo.tensor.Shape;
import java.util.ArrayList;
import java.util.List;

/// Which elements of a tensor each process has that holds a slice of it: all, some rows or some
/// columns, as its shape says.
///
/// @param whole shape of the tensor
/// @param own shape of each slice
record Cut(Shape whole, Shape own) {
  /// Elements that follow each other both in a slice and in the whole.
  ///
  /// @param inSlice the first of them in the slice
  /// @param inWhole the same in the whole tensor
  record Run(long inSlice, long inWhole, long length) {}

  /// Elements that follow each other.
  record Range(long begin, long end) {}

  /// Whether every process has all of it.
  boolean isWhole() {
    return own.equals(whole);
  }

  private boolean cutsColumns() {
    return !isWhole() && own.size(0) == whole.size(0);
  }

  /// The number of slices.
  private long slices() {
    return isWhole() ? 1 : whole.numElements() / own.numElements();
  }

  /// What a slice has of a range of the whole tensor, in its order.
  ///
  /// @param slice its number
  List<Run> runs(long slice, long begin, long end) {
    if (!cutsColumns()) {
      long first = isWhole() ? 0 : slice * own.numElements();
      return run(first, first, own.numElements(), begin, end);
    }
    long wholeRow = whole.size(1);
    long ownRow = own.size(1);
    List<Run> runs = new ArrayList<>();
    for (long row = begin / wholeRow; row * wholeRow < end; row++) {
      long first = row * wholeRow + slice * ownRow;
      runs.addAll(run(first - row * ownRow, first, ownRow, begin, end));
    }
    return runs;
  }

  /// A range of a slice, as elements that follow each other in the whole too.
  ///
  /// @param slice its number
  List<Run> places(long slice, long begin, long end) {
    long ownRow = cutsColumns() ? own.size(1) : own.numElements();
    long wholeRow = cutsColumns() ? whole.size(1) : 0;
    long first = isWhole() ? 0 : slice * ownRow;
    List<Run> places = new ArrayList<>();
    for (long from = begin; from < end; ) {
      long row = from / ownRow;
      long to = Math.min((row + 1) * ownRow, end);
      places.add(new Run(from, row * wholeRow + first + from - row * ownRow, to - from));
      from = to;
    }
    return places;
  }

  /// Of elements of the whole, `shift` of which come before the slice's first, those in a range.
  private static List<Run> run(long shift, long first, long length, long begin, long end) {
    long from = Math.max(first, begin);
    long to = Math.min(first + length, end);
    return from < to ? List.of(new Run(from - shift, from, to - from)) : List.of();
  }

  /// The same range of every slice, as ranges of the whole tensor, ascending and as few as
  /// possible.
  List<Range> ofSlices(long begin, long end) {
    List<Range> ranges = new ArrayList<>();
    if (cutsColumns()) {
      long ownRow = own.size(1);
      for (long from = begin; from < end; ) {
        long row = from / ownRow;
        boolean isRow = from % ownRow == 0 && from + ownRow <= end;
        long to = isRow ? end / ownRow * ownRow : Math.min((row + 1) * ownRow, end);
        if (isRow) {
          add(ranges, row * whole.size(1), to / ownRow * whole.size(1));
        } else {
          for (long slice = 0; slice < slices(); slice++) {
            long shift = row * whole.size(1) + slice * ownRow - row * ownRow;
            add(ranges, shift + from, shift + to);
          }
        }
        from = to;
      }
      return ranges;
    }
    for (long slice = 0; slice < slices(); slice++) {
      add(ranges, slice * own.numElements() + begin, slice * own.numElements() + end);
    }
    return ranges;
  }

  private static void add(List<Range> ranges, long begin, long end) {
    boolean follows = !ranges.isEmpty() && ranges.getLast().end() == begin;
    long from = follows ? ranges.removeLast().begin() : begin;
    ranges.add(new Range(from, end));
  }
}
