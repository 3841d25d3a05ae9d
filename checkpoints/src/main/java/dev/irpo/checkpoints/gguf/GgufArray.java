package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// An array in the metadata of a [GgufFile], whose bounds are checked; decoded when it is asked
/// for.
///
/// @param type of the elements
/// @param elements as they lie in the file; a view of its map
record GgufArray(GgufValueType type, int length, MemorySegment elements) {
  /// Twice what the merges of Llama 3 take.
  private static final long MAX_STRINGS_BYTES = 1 << 24;

  private static final int MAX_STRING_BYTES = 1024;

  /// @throws IllegalArgumentException if the elements are not strings of valid UTF-8, or are longer
  ///   than those of any tokenizer
  List<String> strings() {
    require(GgufValueType.STRING, "strings");
    if (elements.byteSize() > MAX_STRINGS_BYTES) {
      throw new IllegalArgumentException(
          "has %d bytes, at most %d are read".formatted(elements.byteSize(), MAX_STRINGS_BYTES));
    }
    List<String> strings = new ArrayList<>(length);
    long at = 0;
    for (int i = 0; i < length; i++) {
      long bytes = elements.get(LittleEndian.LONG, at);
      at += Long.BYTES;
      if (bytes > MAX_STRING_BYTES) {
        throw new IllegalArgumentException(
            "has element %d of %d bytes, at most %d are read"
                .formatted(i, bytes, MAX_STRING_BYTES));
      }
      byte[] utf8 = elements.asSlice(at, bytes).toArray(ValueLayout.JAVA_BYTE);
      at += bytes;
      try {
        strings.add(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString());
      } catch (CharacterCodingException e) {
        throw new IllegalArgumentException("has element %d, which is not UTF-8".formatted(i), e);
      }
    }
    return strings;
  }

  /// @throws IllegalArgumentException if the elements are not 32-bit floating-point numbers
  float[] floats() {
    require(GgufValueType.FLOAT32, "32-bit floating-point numbers");
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = elements.get(LittleEndian.FLOAT, (long) i * Float.BYTES);
    }
    return values;
  }

  /// The value of all elements, as `llama.` keys have one for each layer.
  ///
  /// @param expected how many there must be
  /// @throws IllegalArgumentException if there are others, they are not whole numbers of 32 bits,
  ///   or they differ
  long commonInteger(int expected) {
    boolean isUnsigned = type == GgufValueType.UINT32;
    if (!isUnsigned) {
      require(GgufValueType.INT32, "32-bit whole numbers");
    }
    if (length != expected) {
      throw new IllegalArgumentException(
          "has %d elements for %d layers".formatted(length, expected));
    }
    int first = elements.get(LittleEndian.INT, 0);
    for (int i = 1; i < length; i++) {
      int value = elements.get(LittleEndian.INT, (long) i * Integer.BYTES);
      if (value != first) {
        throw new IllegalArgumentException(
            "is %d in layer 0 and %d in layer %d, only equal layers are read"
                .formatted(first, value, i));
      }
    }
    return isUnsigned ? Integer.toUnsignedLong(first) : first;
  }

  /// @throws IllegalArgumentException if the elements are not signed 32-bit numbers
  int[] integers() {
    require(GgufValueType.INT32, "32-bit whole numbers");
    int[] values = new int[length];
    for (int i = 0; i < length; i++) {
      values[i] = elements.get(LittleEndian.INT, (long) i * Integer.BYTES);
    }
    return values;
  }

  private void require(GgufValueType wanted, String what) {
    if (type != wanted) {
      throw new IllegalArgumentException(
          "has elements of type %s, %s (%s) are read".formatted(type, what, wanted));
    }
  }

  @Override
  public String toString() {
    return "an array";
  }
}
