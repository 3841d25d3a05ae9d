package dev.irpo.tensor;

import java.lang.foreign.MemorySegment;

/// Memory of the host that buffers are views of.
///
/// A device that changed its own copy registers how to fetch it; the fetch happens when the host
/// next asks for the memory, and not at all if it never does.
public final class Storage {
  private final MemorySegment segment;
  private final long byteSize;
  private long version;
  private Runnable fetch;

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

  void refresh() {
    if (fetch != null) {
      Runnable pending = fetch;
      fetch = null;
      pending.run();
    }
  }

  /// Announces that the host is about to overwrite a part. Where the part is all of it, what the
  /// device changed need not be fetched.
  void refreshUnlessWhole(MemorySegment part) {
    if (part.byteSize() == segment.byteSize()) {
      fetch = null;
    }
    refresh();
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
  /// @param fetch copies it into [#floats()]; runs at most once
  public void markChangedOnDevice(Runnable fetch) {
    version++;
    this.fetch = fetch;
  }
}
