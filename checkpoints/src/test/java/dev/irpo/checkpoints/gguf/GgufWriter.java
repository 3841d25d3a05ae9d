package dev.irpo.checkpoints.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes GGUF files, damaged ones too: whatever it is given, unchecked.
public final class GgufWriter {
  public int version = 3;
  public int alignment = 32;
  public Long numTensors;
  public Long numKeys;
  public final Map<String, Object> values = new LinkedHashMap<>();
  public final List<Entry> tensors = new ArrayList<>();

  /// @param sizes slowest axis first
  /// @param offset null for the next free one
  public record Entry(String name, int type, long[] sizes, byte[] data, Long offset) {}

  /// A value of any type, its bytes given.
  public record Raw(int type, byte[] bytes) {}

  public void add(String name, int type, byte[] data, long... sizes) {
    tensors.add(new Entry(name, type, sizes, data, null));
  }

  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(int32(version));
    out.writeBytes(int64(numTensors == null ? tensors.size() : numTensors));
    out.writeBytes(int64(numKeys == null ? values.size() : numKeys));
    values.forEach((key, value) -> {
      out.writeBytes(string(key));
      writeValue(out, value);
    });
    long next = 0;
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (Entry tensor : tensors) {
      out.writeBytes(string(tensor.name()));
      out.writeBytes(int32(tensor.sizes().length));
      for (int i = tensor.sizes().length - 1; i >= 0; i--) {
        out.writeBytes(int64(tensor.sizes()[i]));
      }
      out.writeBytes(int32(tensor.type()));
      out.writeBytes(int64(tensor.offset() == null ? next : tensor.offset()));
      data.writeBytes(tensor.data());
      pad(data);
      next = data.size();
    }
    pad(out);
    out.writeBytes(data.toByteArray());
    return out.toByteArray();
  }

  private void pad(ByteArrayOutputStream out) {
    while (out.size() % alignment != 0) {
      out.write(0);
    }
  }

  private static void writeValue(ByteArrayOutputStream out, Object value) {
    switch (value) {
      case Integer number -> out.writeBytes(concat(int32(4), int32(number)));
      case Float number -> out.writeBytes(concat(int32(6), int32(Float.floatToIntBits(number))));
      case String text -> out.writeBytes(concat(int32(8), string(text)));
      case Raw raw -> out.writeBytes(concat(int32(raw.type()), raw.bytes()));
      default -> throw new IllegalArgumentException(value.toString());
    }
  }

  public static byte[] string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return concat(int64(utf8.length), utf8);
  }

  public static byte[] concat(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  public static byte[] int32(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }

  public static byte[] int64(long value) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
  }
}
