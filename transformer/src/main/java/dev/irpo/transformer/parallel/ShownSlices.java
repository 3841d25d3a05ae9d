package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/// Tensors of which each process of a model has a slice, read whole by the first one, piece by
/// piece: it tells the others which elements it reads next, until it is done.
///
/// ```java
/// ShownSlices.show(parallel, tensors, wholes -> …);   // in every process
/// ```
public final class ShownSlices implements AutoCloseable {
  /// Elements that are sent at a time, 4 MiB.
  private static final int PIECE = 1 << 20;

  private final Group group;
  private final List<Sliced> tensors;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment request = arena.allocate(ValueLayout.JAVA_LONG, Request.NUMBERS);
  private final MemorySegment piece = arena.allocate((long) PIECE * Float.BYTES);

  /// What a process has of a tensor: its slice, or a range of that, the same in all of them.
  ///
  /// @param whole shape of the tensor
  /// @param own shape of the slice
  /// @param begin first element of the range in the slice
  /// @param values of the range; float32
  public record Sliced(Shape whole, Shape own, long begin, MemorySegment values) {
    private Cut cut() {
      return new Cut(whole, own);
    }

    private long end() {
      return begin + values.byteSize() / Float.BYTES;
    }

    /// The same memory as elements that follow each other in the whole tensor too.
    ///
    /// @param rank of the process whose slice it is
    public List<Place> places(int rank) {
      return cut().places(rank, begin, end()).stream()
          .map(run -> {
            long from = (run.inSlice() - begin) * Float.BYTES;
            return new Place(run.inWhole(), values.asSlice(from, run.length() * Float.BYTES));
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

  /// Elements of a tensor, or none where the first process is done.
  private record Request(long tensor, long begin, long length) {
    static final int NUMBERS = 3;
    static final Request DONE = new Request(0, 0, 0);
  }

  private ShownSlices(Group group, List<Sliced> tensors) {
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
        ? TensorContent.of(tensor.values)
        : new Content(number, range.begin(), range.end() - range.begin());
  }

  private void serve() {
    for (Request next = told(Request.DONE); next.length > 0; next = told(Request.DONE)) {
      gather(next, _ -> {});
    }
  }

  /// What the first process says.
  private Request told(Request own) {
    request.setAtIndex(ValueLayout.JAVA_LONG, 0, own.tensor);
    request.setAtIndex(ValueLayout.JAVA_LONG, 1, own.begin);
    request.setAtIndex(ValueLayout.JAVA_LONG, 2, own.length);
    group.broadcast(request, 0);
    return new Request(
        request.getAtIndex(ValueLayout.JAVA_LONG, 0),
        request.getAtIndex(ValueLayout.JAVA_LONG, 1),
        request.getAtIndex(ValueLayout.JAVA_LONG, 2));
  }

  /// Each process's elements lie end to end in the piece, in the order of ranks.
  private void gather(Request wanted, Consumer<List<List<Cut.Run>>> reader) {
    Sliced tensor = tensors.get((int) wanted.tensor);
    List<List<Cut.Run>> runs =
        LongStream.range(0, group.size())
            .mapToObj(rank -> tensor.cut().runs(rank, wanted.begin, wanted.begin + wanted.length))
            .toList();
    Partition partition =
        Partition.ofLengths(
            runs.stream()
                .mapToLong(own -> own.stream().mapToLong(Cut.Run::length).sum())
                .toArray());
    long offset = partition.start(group.rank());
    for (Cut.Run run : runs.get(group.rank())) {
      copy(tensor.values, run.inSlice() - tensor.begin, piece, offset, run.length());
      offset += run.length();
    }
    MemorySegment all = piece.asSlice(0, wanted.length * Float.BYTES);
    group.allGather(all, Element.F32, partition);
    reader.accept(runs);
  }

  private static void copy(
      MemorySegment from, long fromElement, MemorySegment to, long toElement, long length) {
    MemorySegment.copy(
        from, fromElement * Float.BYTES, to, toElement * Float.BYTES, length * Float.BYTES);
  }

  /// The first process is done, whether it could read or not.
  @Override
  public void close() {
    if (group.isFirst()) {
      var _ = told(Request.DONE);
    }
    arena.close();
  }

  /// Elements of a tensor; writers read those of several at a time.
  private final class Content implements TensorContent {
    private final int tensor;
    private final long begin;
    private final long numElements;

    Content(int tensor, long begin, long numElements) {
      this.tensor = tensor;
      this.begin = begin;
      this.numElements = numElements;
    }

    @Override
    public long byteSize() {
      return numElements * Float.BYTES;
    }

    @Override
    public void read(long offset, MemorySegment target) {
      long first = begin + offset / Float.BYTES;
      long count = target.byteSize() / Float.BYTES;
      for (long done = 0; done < count; done += PIECE) {
        long from = first + done;
        long length = Math.min(PIECE, count - done);
        MemorySegment part = target.asSlice(done * Float.BYTES, length * Float.BYTES);
        synchronized (ShownSlices.this) {
          gather(told(new Request(tensor, from, length)), runs -> scatter(runs, from, part));
        }
      }
    }

    private void scatter(List<List<Cut.Run>> runs, long from, MemorySegment target) {
      long offset = 0;
      for (List<Cut.Run> own : runs) {
        for (Cut.Run run : own) {
          copy(piece, offset, target, run.inWhole() - from, run.length());
          offset += run.length();
        }
      }
    }
  }
}
