package dev.irpo.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A GGUF file with a Llama of one layer, eight columns and weights that are all zero, and whatever
/// keys are put into it.
final class GgufLlama {
  private static final int DIM = 8;

  /// Values: Integer, Float, Boolean, String, int[], float[], or a list of strings.
  final Map<String, Object> values = new LinkedHashMap<>();

  private final int vocabSize;

  GgufLlama(int vocabSize) {
    this.vocabSize = vocabSize;
    values.put("general.architecture", "llama");
    values.put("llama.block_count", 1);
    values.put("llama.context_length", 64);
    values.put("llama.embedding_length", DIM);
    values.put("llama.feed_forward_length", DIM);
    values.put("llama.attention.head_count", 1);
  }

  GgufLlama with(String key, Object value) {
    values.put(key, value);
    return this;
  }

  Path write(Path file) throws IOException {
    Map<String, int[]> tensors = new LinkedHashMap<>();
    tensors.put("token_embd", new int[] {vocabSize, DIM});
    for (String name :
        List.of("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")) {
      tensors.put("blk.0." + name, new int[] {DIM, DIM});
    }
    for (String name : List.of("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm")) {
      tensors.put(name, new int[] {DIM});
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(numbers(3));
    out.writeBytes(numbers((long) tensors.size(), (long) values.size()));
    values.forEach((key, value) -> {
      write(out, key);
      writeValue(out, value);
    });
    long offset = 0;
    for (Map.Entry<String, int[]> tensor : tensors.entrySet()) {
      int[] shape = tensor.getValue();
      write(out, tensor.getKey() + ".weight");
      out.writeBytes(numbers(shape.length));
      long elements = 1;
      for (int i = shape.length - 1; i >= 0; i--) {
        out.writeBytes(numbers((long) shape[i]));
        elements *= shape[i];
      }
      out.writeBytes(numbers(0)); // F32
      out.writeBytes(numbers(offset));
      offset += elements * Float.BYTES; // rows of 32 bytes keep the alignment
    }
    out.writeBytes(new byte[(32 - out.size() % 32) % 32]);
    out.writeBytes(new byte[Math.toIntExact(offset)]);
    return Files.write(file, out.toByteArray());
  }

  private static void writeValue(ByteArrayOutputStream out, Object value) {
    switch (value) {
      case Integer number -> out.writeBytes(numbers(5, number));
      case Boolean flag -> {
        out.writeBytes(numbers(7));
        out.write(flag ? 1 : 0);
      }
      case String text -> {
        out.writeBytes(numbers(8));
        write(out, text);
      }
      case int[] array -> {
        writeHead(out, 5, array.length);
        out.writeBytes(numbers(array));
      }
      case float[] array -> {
        writeHead(out, 6, array.length);
        for (float number : array) {
          out.writeBytes(numbers(Float.floatToRawIntBits(number)));
        }
      }
      case List<?> strings -> {
        writeHead(out, 8, strings.size());
        strings.forEach(text -> write(out, text.toString()));
      }
      default -> throw new IllegalArgumentException(value.toString());
    }
  }

  private static void writeHead(ByteArrayOutputStream out, int type, int length) {
    out.writeBytes(numbers(9, type));
    out.writeBytes(numbers((long) length));
  }

  private static void write(ByteArrayOutputStream out, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.writeBytes(numbers((long) utf8.length));
    out.writeBytes(utf8);
  }

  private static byte[] numbers(int... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      bytes.putInt(value);
    }
    return bytes.array();
  }

  private static byte[] numbers(long... values) {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return bytes.array();
  }

  /// A list with one value for each token.
  static int[] all(int length, int value) {
    return Collections.nCopies(length, value).stream().mapToInt(Integer::intValue).toArray();
  }
}
