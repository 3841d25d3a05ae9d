package dev.irpo.transformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.device.DeviceProvider;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The golden values of `shared/golden/tiny`, see the README there.
public final class Golden {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Golden() {}

  /// A tensor as it lies in a safetensors file.
  public record Raw(String dtype, Shape shape, MemorySegment data) {
    /// One element of an F64 or F32 tensor.
    public double get(long index) {
      return dtype.equals("F64")
          ? data.getAtIndex(ValueLayout.JAVA_DOUBLE_UNALIGNED, index)
          : data.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
    }
  }

  /// A file of the folder; skips the test where it is missing.
  public static Path file(String name) {
    for (String parent : List.of("../../shared", "../shared")) {
      Path path = Path.of(parent, "golden/tiny", name);
      if (Files.exists(path)) {
        return path;
      }
    }
    String reason = "skipped: ../shared/golden/tiny/" + name + " is not there";
    assumeTrue(false, reason);
    throw new IllegalStateException(reason);
  }

  /// A parsed JSON file.
  public static JsonNode json(String name) throws IOException {
    return MAPPER.readTree(file(name).toFile());
  }

  /// All tensors of a safetensors file.
  public static Map<String, Raw> tensors(String name) throws IOException {
    byte[] bytes = Files.readAllBytes(file(name));
    MemorySegment all = Arena.ofAuto().allocate(bytes.length, 64);
    MemorySegment.copy(bytes, 0, all, ValueLayout.JAVA_BYTE, 0, bytes.length);
    int headerLength = (int) all.get(ValueLayout.JAVA_LONG, 0);
    JsonNode header = MAPPER.readTree(new String(bytes, 8, headerLength, StandardCharsets.UTF_8));
    Map<String, Raw> tensors = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (!entry.getKey().equals("__metadata__")) {
        long[] shape = MAPPER.convertValue(entry.getValue().get("shape"), long[].class);
        long[] range = MAPPER.convertValue(entry.getValue().get("data_offsets"), long[].class);
        MemorySegment data = all.asSlice(8L + headerLength + range[0], range[1] - range[0]);
        String dtype = entry.getValue().get("dtype").asText();
        tensors.put(entry.getKey(), new Raw(dtype, Shape.of(shape), data));
      }
    }
    return tensors;
  }

  /// The model `policy` or `reference`.
  public static Parameters model(Backend backend, String name) throws IOException {
    Map<String, Object> json =
        MAPPER.convertValue(json(name + "/config.json"), new TypeReference<>() {});
    List<StoredTensor> tensors =
        tensors(name + "/model.safetensors").entrySet().stream()
            .map(
                e -> new StoredTensor(e.getKey(), DType.F32, e.getValue().shape, e.getValue().data))
            .toList();
    return Parameters.load(backend, LlamaConfig.of(json), name, tensors);
  }

  /// TornadoVM's first device.
  public static Backend device() {
    DeviceProvider provider = DeviceProvider.find("tornado").orElseThrow();
    return provider.start(
        provider.devices().getFirst(), DeviceProvider.Options.AUTO, (done, total) -> {});
  }

  /// A JSON array of token ids.
  public static int[] ids(JsonNode array) {
    return MAPPER.convertValue(array, int[].class);
  }
}
