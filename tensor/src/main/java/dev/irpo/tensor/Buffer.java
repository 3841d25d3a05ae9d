package dev.irpo.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Off-heap elements of one type: what a tensor of a graph becomes when a backend runs it.
///
/// Offsets are long, memory is aligned to 64 bytes, and the element accessors convert to and from
/// `double` so that the reference formulas run on single and on double precision alike.
public final class Buffer {
  /// Alignment of every allocation, a cache line and the widest vector.
  public static final long ALIGNMENT = 64;

  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
  private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED;
  private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

  private final Storage storage;
  private final MemorySegment segment;
  private final DType dtype;
  private final long numElements;
  private final boolean stable;
  private final boolean summedAsSingle;

  private Buffer(
      Storage storage,
      MemorySegment segment,
      DType dtype,
      long numElements,
      boolean stable,
      boolean summedAsSingle) {
    this.storage = storage;
    this.segment = segment;
    this.dtype = dtype;
    this.numElements = numElements;
    this.stable = stable;
    this.summedAsSingle = summedAsSingle;
  }

  /// A new buffer of zeros, freed when nothing refers to it any more.
  public static Buffer allocate(DType dtype, long numElements) {
    long bytes = dtype.bytes(numElements);
    return wrap(Arena.ofAuto().allocate(bytes, ALIGNMENT), dtype);
  }

  /// A view of memory that somebody else owns, for instance a memory-mapped file.
  public static Buffer wrap(MemorySegment segment, DType dtype) {
    return wrap(new Storage(segment), segment, dtype);
  }

  static Buffer wrap(Storage storage, MemorySegment segment, DType dtype) {
    return new Buffer(storage, segment, dtype, dtype.elements(segment.byteSize()), true, false);
  }

  /// A buffer that stands for memory which the host cannot read.
  public static Buffer unbacked(DType dtype, long numElements) {
    Storage storage = new Storage(MemorySegment.NULL, dtype.bytes(numElements));
    return new Buffer(storage, MemorySegment.NULL, dtype, numElements, false, false);
  }

  /// Whether the host can read it.
  public boolean isBacked() {
    return !segment.equals(MemorySegment.NULL);
  }

  /// A view of `length` elements from `offset` on; both in elements.
  ///
  /// @throws IllegalArgumentException if they are no whole blocks of the type
  public Buffer slice(long offset, long length) {
    if (!isBacked()) {
      return new Buffer(storage, segment, dtype, length, stable, summedAsSingle);
    }
    MemorySegment part = segment.asSlice(dtype.bytes(offset), dtype.bytes(length));
    return new Buffer(storage, part, dtype, length, stable, summedAsSingle);
  }

  /// The same memory as a place for computed values, which change without announcement.
  public Buffer asWorkspace() {
    return new Buffer(storage, segment, dtype, numElements, false, summedAsSingle);
  }

  /// The same memory as a weight whose products have the bits that a copy of it in single precision
  /// gives. Weights of 16 bits may otherwise be summed in an order that suits them.
  public Buffer summedAsSingle() {
    return new Buffer(storage, segment, dtype, numElements, stable, true);
  }

  /// The memory itself.
  public MemorySegment segment() {
    storage.refresh();
    return segment;
  }

  /// Whether the host's memory has the content, which a device or a checkpoint may have instead.
  public boolean isInMemory() {
    return storage.isInMemory();
  }

  /// Copies the bytes from `offset` on, a part at a time from where the content is.
  public void read(long offset, MemorySegment target) {
    storage.read(segment.address() - storage.address() + offset, target);
  }

  /// What this buffer is a view of.
  public Storage storage() {
    return storage;
  }

  /// Place of the first element in the storage, in elements.
  public long offset() {
    return dtype.elements(segment.address() - storage.address());
  }

  /// Type of the elements.
  public DType dtype() {
    return dtype;
  }

  /// Number of elements.
  public long numElements() {
    return numElements;
  }

  /// Whether the content changes only together with [#version()].
  public boolean isStable() {
    return stable;
  }

  /// Whether products are to have the bits that a copy in single precision gives; those of blocks
  /// always have.
  public boolean isSummedAsSingle() {
    return summedAsSingle || !dtype.isHalf();
  }

  /// Counts the announced changes of the memory, of this view or another.
  public long version() {
    return storage.version();
  }

  /// Announces that the content changed, so that a backend discards what it derived from it (packed
  /// weights). Every operation that overwrites a variable does so; a host that writes into a weight
  /// must too.
  public void markChanged() {
    storage.markChanged();
  }

  /// The element at `index` of a floating-point buffer.
  public double get(long index) {
    return switch (dtype) {
      case F64 -> segment().getAtIndex(DOUBLE, index);
      case F32 -> segment().getAtIndex(FLOAT, index);
      case F16 -> Float.float16ToFloat(segment().getAtIndex(SHORT, index));
      case BF16 -> Float.intBitsToFloat(segment().getAtIndex(SHORT, index) << 16);
      case Q8_0 -> quantised(index);
      case INT32 -> throw notFloating();
    };
  }

  private float quantised(long index) {
    long block = index / dtype.blockElements() * dtype.blockBytes();
    long inBlock = Short.BYTES + index % dtype.blockElements();
    float scale = Float.float16ToFloat(segment().get(SHORT, block));
    return scale * segment.get(ValueLayout.JAVA_BYTE, block + inBlock);
  }

  /// Stores into a floating-point buffer, rounding to its type; to one of 16 bits from single
  /// precision.
  public void set(long index, double value) {
    switch (dtype) {
      case F64 -> segment().setAtIndex(DOUBLE, index, value);
      case F32 -> segment().setAtIndex(FLOAT, index, (float) value);
      case F16, BF16 ->
          segment().setAtIndex(SHORT, index, HalfPrecision.narrowed(dtype, (float) value));
      case Q8_0, INT32 -> throw notFloating();
    }
  }

  private IllegalStateException notFloating() {
    return new IllegalStateException("a buffer of " + dtype + " does not take this access");
  }

  /// The element at `index` of an [DType#INT32] buffer.
  public int getInt(long index) {
    return segment().getAtIndex(INT, index);
  }

  /// Stores into an [DType#INT32] buffer.
  public void setInt(long index, int value) {
    segment().setAtIndex(INT, index, value);
  }

  /// Sets every element to zero.
  public void clear() {
    storage.refreshUnlessWhole(segment);
    segment.fill((byte) 0);
  }

  /// Copies all elements of a buffer of the same length and type.
  public void copyFrom(Buffer source) {
    if (source.dtype != dtype || source.numElements != numElements) {
      throw new IllegalArgumentException(
          "cannot copy %d %s into %d %s"
              .formatted(source.numElements, source.dtype, numElements, dtype));
    }
    storage.refreshUnlessWhole(segment);
    source.read(0, segment);
  }

  /// The elements of a floating-point buffer as single precision.
  public float[] toFloatArray() {
    float[] values = new float[Math.toIntExact(numElements)];
    read(0, values, values.length);
    return values;
  }

  /// Copies `count` elements from `offset` on to the start of `values`, as single precision.
  public void read(long offset, float[] values, int count) {
    if (dtype == DType.F32) {
      MemorySegment.copy(segment(), FLOAT, offset * Float.BYTES, values, 0, count);
      return;
    }
    for (int i = 0; i < count; i++) {
      values[i] = (float) get(offset + i);
    }
  }
}
