package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.HashedFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SequencedMap;

/// Writes a GGUF file of version 3; the layout is in [GgufFile].
///
/// A value's Java type gives its type in the file: Integer u32, Long u64, Float f32, Boolean bool,
/// String, `int[]` an array of i32, `float[]` of f32, a list one of strings.
final class GgufFileWriter {
  private static final int VERSION = 3;
  private static final int ALIGNMENT = 32;

  private final ByteArrayOutputStream head = new ByteArrayOutputStream();

  private GgufFileWriter() {}

  /// Writes everything, the tensors in their order.
  static void write(HashedFile out, SequencedMap<String, Object> values, List<GgufTensor> tensors)
      throws IOException {
    byte[] head = new GgufFileWriter().head(values, tensors);
    out.write(ByteBuffer.wrap(head));
    for (GgufTensor tensor : tensors) {
      out.write(tensor.content());
      out.write(ByteBuffer.wrap(new byte[padding(tensor.content().byteSize())]));
    }
  }

  private byte[] head(SequencedMap<String, Object> values, List<GgufTensor> tensors) {
    head.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    int32(VERSION);
    int64(tensors.size());
    int64(values.size());
    values.forEach((key, value) -> {
      string(key);
      value(value);
    });
    long offset = 0;
    for (GgufTensor tensor : tensors) {
      string(tensor.name());
      int rank = tensor.shape().rank();
      int32(rank);
      for (int axis = rank - 1; axis >= 0; axis--) {
        int64(tensor.shape().size(axis));
      }
      int32(tensor.type().number());
      int64(offset);
      offset += tensor.content().byteSize() + padding(tensor.content().byteSize());
    }
    head.writeBytes(new byte[padding(head.size())]);
    return head.toByteArray();
  }

  private void value(Object value) {
    switch (value) {
      case Integer number -> {
        type(GgufValueType.UINT32);
        int32(number);
      }
      case Long number -> {
        type(GgufValueType.UINT64);
        int64(number);
      }
      case Float number -> {
        type(GgufValueType.FLOAT32);
        int32(Float.floatToRawIntBits(number));
      }
      case Boolean flag -> {
        type(GgufValueType.BOOL);
        head.write(flag ? 1 : 0);
      }
      case String text -> {
        type(GgufValueType.STRING);
        string(text);
      }
      case int[] numbers -> {
        array(GgufValueType.INT32, numbers.length);
        for (int number : numbers) {
          int32(number);
        }
      }
      case float[] numbers -> {
        array(GgufValueType.FLOAT32, numbers.length);
        for (float number : numbers) {
          int32(Float.floatToRawIntBits(number));
        }
      }
      case List<?> texts -> {
        array(GgufValueType.STRING, texts.size());
        texts.forEach(text -> string((String) text));
      }
      default -> throw new IllegalArgumentException("no value of GGUF: " + value.getClass());
    }
  }

  private void array(GgufValueType type, int length) {
    type(GgufValueType.ARRAY);
    type(type);
    int64(length);
  }

  private void type(GgufValueType type) {
    int32(type.number());
  }

  private void string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    int64(utf8.length);
    head.writeBytes(utf8);
  }

  private void int32(int value) {
    head.writeBytes(
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
  }

  private void int64(long value) {
    head.writeBytes(
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
  }

  /// Bytes to the next multiple of the alignment.
  private static int padding(long bytes) {
    return (int) ((ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT);
  }
}
