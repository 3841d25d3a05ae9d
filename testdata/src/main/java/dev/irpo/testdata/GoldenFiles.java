package dev.irpo.testdata;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// The golden values in `testdata/golden`; its README says what they are and how they were made.
public final class GoldenFiles {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private GoldenFiles() {}

  /// A tensor as it lies in a safetensors file, read without the code under test.
  ///
  /// @param dtype as the file spells it, for instance `F64`
  public record RawTensor(String dtype, long[] shape, MemorySegment data) {
    /// One element of an F64 or F32 tensor.
    public double get(long index) {
      return dtype.equals("F64")
          ? data.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index)
          : data.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
    }

    /// Some rows, where they lie.
    RawTensor rows(long first, long count) {
      long row = data.byteSize() / shape[0];
      long[] sizes = shape.clone();
      sizes[0] = count;
      return new RawTensor(dtype, sizes, data.asSlice(first * row, count * row));
    }

    /// One number of the shape.
    public int size(int axis) {
      return Math.toIntExact(shape[axis]);
    }

    /// Product of the shape.
    public long numElements() {
      long product = 1;
      for (long size : shape) {
        product *= size;
      }
      return product;
    }
  }

  /// A file or folder, for instance `tiny/policy`.
  ///
  /// @throws IllegalStateException if the checkout lacks it
  public static Path path(String name) {
    Path path = RepositoryRoot.find().resolve(RepositoryRoot.GOLDEN).resolve(name);
    if (!Files.exists(path)) {
      throw new IllegalStateException(path + ": no such golden file; see the README beside it");
    }
    return path;
  }

  /// The families next to Llama that have golden values, by name: the folders of `families`.
  public static List<String> families() {
    try (Stream<Path> folders = Files.list(path("families"))) {
      return folders.map(folder -> folder.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Tensors under the names of Llama's layers: what a family's files have as one is cut into its
  /// rows, by heads.
  ///
  /// @param config content of the model's config.json
  public static Map<String, RawTensor> parts(Map<String, RawTensor> tensors, JsonNode config) {
    int heads = config.get("num_attention_heads").asInt();
    int keyHeads = config.path("num_key_value_heads").asInt(heads);
    Map<String, RawTensor> parts = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> {
      if (name.contains("qkv_proj")) {
        long head = tensor.shape[0] / (heads + 2 * keyHeads);
        parts.put(name.replace("qkv", "q"), tensor.rows(0, heads * head));
        parts.put(name.replace("qkv", "k"), tensor.rows(heads * head, keyHeads * head));
        parts.put(
            name.replace("qkv", "v"), tensor.rows((heads + keyHeads) * head, keyHeads * head));
      } else if (name.contains("gate_up_proj")) {
        long half = tensor.shape[0] / 2;
        parts.put(name.replace("gate_up", "gate"), tensor.rows(0, half));
        parts.put(name.replace("gate_up", "up"), tensor.rows(half, half));
      } else {
        parts.put(name, tensor);
      }
    });
    return parts;
  }

  /// A parsed JSON file.
  public static JsonNode json(String name) throws IOException {
    return MAPPER.readTree(path(name).toFile());
  }

  /// A JSON array of token ids.
  public static int[] ids(JsonNode array) {
    return MAPPER.convertValue(array, int[].class);
  }

  /// All tensors of a safetensors file.
  public static Map<String, RawTensor> tensors(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(path(name));
    MemorySegment all = Arena.ofAuto().allocate(bytes.length, 64);
    MemorySegment.copy(bytes, 0, all, ValueLayout.JAVA_BYTE, 0, bytes.length);
    int headerLength = (int) all.get(ValueLayout.JAVA_LONG, 0);
    JsonNode header = MAPPER.readTree(new String(bytes, 8, headerLength, StandardCharsets.UTF_8));
    Map<String, RawTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        long[] shape = MAPPER.convertValue(entry.getValue().get("shape"), long[].class);
        long[] range = MAPPER.convertValue(entry.getValue().get("data_offsets"), long[].class);
        MemorySegment data = all.asSlice(8L + headerLength + range[0], range[1] - range[0]);
        String dtype = entry.getValue().get("dtype").asText();
        tensors.put(entry.getKey(), new RawTensor(dtype, shape, data));
      }
    }
    return tensors;
  }
}
