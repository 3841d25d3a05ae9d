package dev.irpo.tensor.stored;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.Optional;

/// A named tensor as a file holds it: little-endian, row-major.
///
/// @param name as in Hugging Face checkpoints, for instance `model.embed_tokens.weight`
/// @param content exactly `dtype.bytes(shape.numElements())` bytes
public record StoredTensor(String name, DType dtype, Shape shape, TensorContent content) {
  /// Checks that the content has the bytes that shape and type need.
  ///
  /// @throws IllegalArgumentException if it has not
  public StoredTensor {
    long needed = shape.numElements() / dtype.blockElements() * dtype.blockBytes();
    if (content.byteSize() != needed || shape.numElements() % dtype.blockElements() != 0) {
      throw new IllegalArgumentException(
          "tensor '%s' %s of %s needs %d bytes, its data has %d"
              .formatted(name, shape, dtype, needed, content.byteSize()));
    }
  }

  /// A tensor that lies in off-heap memory, perhaps a read-only memory map.
  ///
  /// @throws IllegalArgumentException as above
  public StoredTensor(String name, DType dtype, Shape shape, MemorySegment data) {
    this(name, dtype, shape, TensorContent.of(data));
  }

  /// A tensor of a program; blocks as the single precision that they stand for.
  public static StoredTensor of(String name, Shape shape, Buffer values) {
    TensorContent content = TensorContent.of(values);
    return values.dtype() == DType.Q8_0
        ? new StoredTensor(name, DType.F32, shape, new QuantisedContent(content))
        : new StoredTensor(name, values.dtype(), shape, content);
  }

  /// The same tensor in [DType#Q8_0], where that is what is stored.
  public Optional<StoredTensor> quantised() {
    return content.quantised().map(blocks -> new StoredTensor(name, DType.Q8_0, shape, blocks));
  }

  /// Some rows of a matrix, or elements of a vector, in memory where it is.
  ///
  /// @throws IndexOutOfBoundsException if it does not have them
  public StoredTensor rows(long first, long count) {
    Objects.checkFromIndexSize(first, count, shape.size(0));
    long row = content.byteSize() / shape.size(0);
    return new StoredTensor(
        name,
        dtype,
        shape.rank() == 1 ? Shape.of(count) : Shape.of(count, shape.size(1)),
        new ColumnsContent(content, content.byteSize(), first * row, count * row));
  }

  /// Some columns of a matrix, of which nothing else is read.
  ///
  /// @throws IndexOutOfBoundsException if it does not have them
  public StoredTensor columns(long first, long count) {
    Objects.checkFromIndexSize(first, count, shape.size(1));
    long row = dtype.bytes(shape.size(1));
    return new StoredTensor(
        name,
        dtype,
        Shape.of(shape.size(0), count),
        new ColumnsContent(content, row, dtype.bytes(first), dtype.bytes(count)));
  }

  /// The same tensor with its bytes in memory: itself if they are there, else a copy that lives as
  /// long as the arena.
  public StoredTensor inMemory(Arena arena) {
    if (content.inMemory().isPresent()) {
      return this;
    }
    MemorySegment copy = arena.allocate(content.byteSize(), Buffer.ALIGNMENT);
    content.read(0, copy);
    return new StoredTensor(name, dtype, shape, copy.asReadOnly());
  }

  /// Whether another tensor has the same shape, type and bytes.
  public boolean hasElementsOf(StoredTensor other) {
    if (!shape.equals(other.shape) || dtype != other.dtype) {
      return false;
    }
    if (content.inMemory().isPresent() && content.inMemory().equals(other.content.inMemory())) {
      return true; // one storage under two names
    }
    try (Arena arena = Arena.ofConfined()) {
      return inMemory(arena).data().mismatch(other.inMemory(arena).data()) < 0;
    }
  }

  /// The bytes of a tensor in memory.
  ///
  /// @throws IllegalStateException if its content is assembled while it is read
  public MemorySegment data() {
    return content
        .inMemory()
        .orElseThrow(() ->
            new IllegalStateException("tensor '" + name + "' is not in memory; read its content"));
  }
}
