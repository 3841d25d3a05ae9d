package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/// Tensors of which each process of a model has a slice, read whole by the first one.
///
/// ```java
/// ShownSlices.show(parallel, tensors, wholes -> …);   // in every process
/// ```
public final class ShownSlices extends ShownPieces {
  private final Group group;
  private final List<Sliced> tensors;

  /// What a process has of a tensor: its slice, or a range of that, the same in all of them.
  ///
  /// @param whole shape of the tensor
  /// @param own shape of the slice
  /// @param begin first element of the range in the slice
  /// @param values of the range; float32
  public record Sliced(Shape whole, Shape own, long begin, TensorContent values) {
    /// Values that lie in memory.
    public Sliced(Shape whole, Shape own, long begin, MemorySegment values) {
      this(whole, own, begin, TensorContent.of(values));
    }

    private Cut cut() {
      return new Cut(whole, own);
    }

    private long end() {
      return begin + values.byteSize() / Float.BYTES;
    }

    /// The same memory as elements that follow each other in the whole tensor too.
    ///
    /// @param rank of the process whose slice it is
    /// @throws java.util.NoSuchElementException if the values do not lie in memory
    public List<Place> places(int rank) {
      MemorySegment memory = values.inMemory().orElseThrow();
      return cut().places(rank, begin, end()).stream()
          .map(run -> {
            long from = (run.inSlice() - begin) * Float.BYTES;
            return new Place(run.inWhole(), memory.asSlice(from, run.length() * Float.BYTES));
          })
          .toList();
    }
  }

  /// Elements of a tensor that follow each other, in a process's memory.
  ///
  /// @param begin of the first of them in the whole tensor
  public record Place(long begin, MemorySegment values) {}

  /// Elements of a tensor that follow each other, of all slices together.
  ///
  /// @param begin of the first of them in the whole tensor
  /// @param content their bytes; float32
  public record Stretch(long begin, TensorContent content) {}

  private ShownSlices(Group group, List<Sliced> tensors) {
    super(group);
    this.group = group;
    this.tensors = tensors;
  }

  /// Reads tensors.
  ///
  /// @param <E> what it fails with
  @FunctionalInterface
  public interface Reader<E extends Exception> {
    /// Reads them.
    ///
    /// @param stretches of each tensor, ascending; to be read until this returns
    void read(List<List<Stretch>> stretches) throws E;
  }

  /// Lets the first process of a model read tensors. All of them take part.
  ///
  /// @param tensors the same ones in every process, each as it has them
  /// @param reader what the first process does
  /// @throws E if that fails
  public static <E extends Exception> void show(
      TensorParallel parallel, List<Sliced> tensors, Reader<E> reader) throws E {
    try (ShownSlices slices = new ShownSlices(parallel.group(), tensors)) {
      if (parallel.rank() == 0) {
        reader.read(slices.stretches());
      } else {
        slices.serve();
      }
    }
  }

  private List<List<Stretch>> stretches() {
    List<List<Stretch>> all = new ArrayList<>();
    for (int number = 0; number < tensors.size(); number++) {
      Sliced tensor = tensors.get(number);
      List<Stretch> stretches = new ArrayList<>();
      for (Cut.Range range : tensor.cut().ofSlices(tensor.begin, tensor.end())) {
        stretches.add(new Stretch(range.begin(), content(number, range)));
      }
      all.add(stretches);
    }
    return all;
  }

  private TensorContent content(int number, Cut.Range range) {
    Sliced tensor = tensors.get(number);
    return tensor.cut().isWhole() || group.size() == 1
        ? tensor.values
        : content(number, range.begin(), range.end() - range.begin());
  }

  /// Each process's elements lie end to end in the piece, in the order of ranks.
  @Override
  protected void gather(Request wanted, MemorySegment piece, MemorySegment target) {
    Sliced tensor = tensors.get((int) wanted.part());
    List<List<Cut.Run>> runs =
        LongStream.range(0, group.size())
            .mapToObj(
                rank -> tensor.cut().runs(rank, wanted.begin(), wanted.begin() + wanted.length()))
            .toList();
    Partition partition =
        Partition.ofLengths(
            runs.stream()
                .mapToLong(own -> own.stream().mapToLong(Cut.Run::length).sum())
                .toArray());
    long offset = partition.start(group.rank());
    for (Cut.Run run : runs.get(group.rank())) {
      long from = (run.inSlice() - tensor.begin) * Float.BYTES;
      tensor.values.read(from, piece.asSlice(offset * Float.BYTES, run.length() * Float.BYTES));
      offset += run.length();
    }
    group.allGather(piece, Element.F32, partition);
    if (group.isFirst()) {
      scatter(piece, runs, wanted.begin(), target);
    }
  }

  private static void scatter(
      MemorySegment piece, List<List<Cut.Run>> runs, long begin, MemorySegment target) {
    long offset = 0;
    for (List<Cut.Run> own : runs) {
      for (Cut.Run run : own) {
        copy(piece, offset, target, run.inWhole() - begin, run.length());
        offset += run.length();
      }
    }
  }

  private static void copy(
      MemorySegment from, long fromElement, MemorySegment to, long toElement, long length) {
    MemorySegment.copy(
        from, fromElement * Float.BYTES, to, toElement * Float.BYTES, length * Float.BYTES);
  }
}
