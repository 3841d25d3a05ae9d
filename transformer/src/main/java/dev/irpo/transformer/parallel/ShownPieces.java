package dev.irpo.transformer.parallel;

import dev.irpo.distributed.Group;
import dev.irpo.tensor.stored.TensorContent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Numbers of which each process of a group has some, read by the first one piece by piece: it
/// tells the others which elements it reads next, until it is done.
public abstract class ShownPieces implements AutoCloseable {
  /// Elements that are sent at a time, 4 MiB.
  private static final int PIECE = 1 << 20;

  private final Group group;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment request = arena.allocate(ValueLayout.JAVA_LONG, Request.NUMBERS);
  private final MemorySegment piece = arena.allocate((long) PIECE * Float.BYTES);

  /// Elements of one of the things that are shown, or none where the first process is done.
  ///
  /// @param part number of the thing
  /// @param begin of the first element in it
  protected record Request(long part, long begin, long length) {
    static final int NUMBERS = 3;
    static final Request DONE = new Request(0, 0, 0);
  }

  /// What processes of a group show its first one.
  protected ShownPieces(Group group) {
    this.group = group;
  }

  /// Copies elements of all processes. All of them take part.
  ///
  /// @param piece memory for the elements, float32
  /// @param target of the first process, in the order of the thing; empty in the others
  protected abstract void gather(Request wanted, MemorySegment piece, MemorySegment target);

  /// Elements of a thing, for the first process; writers read those of several at a time.
  protected final TensorContent content(long part, long begin, long numElements) {
    return new Content(part, begin, numElements);
  }

  /// Sends what the first process reads.
  public final void serve() {
    for (Request next = told(Request.DONE); next.length > 0; next = told(Request.DONE)) {
      gather(next, pieceOf(next), MemorySegment.NULL);
    }
  }

  private MemorySegment pieceOf(Request wanted) {
    return piece.asSlice(0, wanted.length * Float.BYTES);
  }

  /// What the first process says.
  private Request told(Request own) {
    request.setAtIndex(ValueLayout.JAVA_LONG, 0, own.part);
    request.setAtIndex(ValueLayout.JAVA_LONG, 1, own.begin);
    request.setAtIndex(ValueLayout.JAVA_LONG, 2, own.length);
    group.broadcast(request, 0);
    return new Request(
        request.getAtIndex(ValueLayout.JAVA_LONG, 0),
        request.getAtIndex(ValueLayout.JAVA_LONG, 1),
        request.getAtIndex(ValueLayout.JAVA_LONG, 2));
  }

  /// The first process is done, whether it could read or not.
  @Override
  public final void close() {
    if (group.isFirst()) {
      var _ = told(Request.DONE);
    }
    arena.close();
  }

  private final class Content implements TensorContent {
    private final long part;
    private final long begin;
    private final long numElements;

    Content(long part, long begin, long numElements) {
      this.part = part;
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
        long length = Math.min(PIECE, count - done);
        MemorySegment some = target.asSlice(done * Float.BYTES, length * Float.BYTES);
        synchronized (ShownPieces.this) {
          Request wanted = told(new Request(part, first + done, length));
          gather(wanted, pieceOf(wanted), some);
        }
      }
    }
  }
}
