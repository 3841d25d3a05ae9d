package dev.irpo.tensor;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;

/// Memory of the host that buffers are views of.
///
/// The content may be elsewhere: a device has it that changed it, or a checkpoint that it is to be
/// read from. It is fetched when the host next asks for the memory, and not at all if it never
/// does; whoever can do with a part at a time [reads][#read] it where it is, and the memory is
/// never filled. Several threads may ask at once, as writers of checkpoints do.
public final class Storage {
  /// Content that is not in the memory.
  @FunctionalInterface
  public interface Source {
    /// Fills `target` with the bytes from `offset` on; as often as it is asked to.
    void read(long offset, MemorySegment target);

    /// What a thread holds from asking whether the content is still there until it has read it. A
    /// source that takes a lock itself names that one: whoever replaces the content may hold it, so
    /// with a second lock two threads could wait for each other.
    default Object lock() {
      return this;
    }
  }

  private final MemorySegment segment;
  private final long byteSize;
  private long version;
  private final AtomicReference<Source> elsewhere = new AtomicReference<>();

  Storage(MemorySegment segment) {
    this(segment, segment.byteSize());
  }

  /// @param byteSize of the memory that `segment` stands for
  Storage(MemorySegment segment, long byteSize) {
    this.segment = segment;
    this.byteSize = byteSize;
  }

  long address() {
    return segment.address();
  }

  /// The source is forgotten when its content is here: nobody may take the memory for it before,
  /// and one that fails can be asked again.
  void refresh() {
    for (Source source = elsewhere.get(); source != null; source = elsewhere.get()) {
      synchronized (source.lock()) {
        if (source.equals(elsewhere.get())) {
          source.read(0, segment);
          var _ = elsewhere.compareAndSet(source, null);
        }
      }
    }
  }

  /// Announces that the host is about to overwrite a part. Where the part is all of it, what is
  /// elsewhere need not be fetched.
  void refreshUnlessWhole(MemorySegment part) {
    if (part.byteSize() == segment.byteSize()) {
      discard();
    }
    refresh();
  }

  /// Announces that nobody will ask for the content before it is overwritten.
  public void discard() {
    elsewhere.set(null);
  }

  /// Fetches the content if it is still in a place that is about to go.
  public void refreshFrom(Source source) {
    if (source.equals(elsewhere.get())) {
      refresh();
    }
  }

  /// Whether the memory has the content.
  boolean isInMemory() {
    return elsewhere.get() == null;
  }

  /// Copies the bytes from `offset` on, from where they are.
  public void read(long offset, MemorySegment target) {
    for (Source source = elsewhere.get(); source != null; source = elsewhere.get()) {
      synchronized (source.lock()) {
        if (source.equals(elsewhere.get())) {
          source.read(offset, target);
          return;
        }
      }
    }
    MemorySegment.copy(segment, offset, target, 0, target.byteSize());
  }

  /// Bytes of all of it.
  public long byteSize() {
    return byteSize;
  }

  /// Elements of four bytes.
  public long numFloats() {
    return byteSize / Float.BYTES;
  }

  /// Elements of a type.
  public long numElements(DType type) {
    return type.elements(byteSize);
  }

  /// All of it as single precision, for a device to copy from or to.
  public Buffer floats() {
    return Buffer.wrap(this, segment, DType.F32);
  }

  /// Counts the changes.
  public long version() {
    return version;
  }

  void markChanged() {
    version++;
  }

  /// Announces that a device changed its copy.
  ///
  /// @param device has the content
  public void markChangedOnDevice(Source device) {
    readLater(device);
  }

  /// Replaces the content by what is read when it is needed.
  ///
  /// @param source must stay as long as nothing overwrites the memory
  public void readLater(Source source) {
    version++;
    elsewhere.set(source);
  }
}
