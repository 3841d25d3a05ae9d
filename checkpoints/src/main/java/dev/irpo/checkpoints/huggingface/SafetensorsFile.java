package dev.irpo.checkpoints.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.model.JoinedParts;
import dev.irpo.checkpoints.model.TensorFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// A file in Hugging Face's safetensors format, memory-mapped.
///
/// ```text
/// u64 header length │ JSON {name: {dtype, shape, data_offsets: [begin, end]}} │ data
/// ```
///
/// As the reference implementation requires, the tensors must fill the data without holes or
/// overlaps. Source: the format description of huggingface/safetensors.
public final class SafetensorsFile {
  private static final String METADATA = "__metadata__";

  private final Path path;
  private final SequencedMap<String, Entry> entries;

  /// A tensor as the header describes it, of any type, supported or not.
  ///
  /// @param dtype as in the file: `F32`, `BF16`, `I64` …
  /// @param data its bytes; the address is a multiple of the element size only if the file is so
  ///   padded
  public record Entry(String name, String dtype, List<Long> shape, MemorySegment data) {}

  private SafetensorsFile(Path path, SequencedMap<String, Entry> entries) {
    this.path = path;
    this.entries = entries;
  }

  /// Maps a file for as long as the arena lives and checks that header and size agree.
  ///
  /// @throws IllegalArgumentException if the file is truncated or contradicts itself
  public static SafetensorsFile map(Path path, Arena arena) throws IOException {
    MemorySegment file = MappedFiles.map(path, arena);
    long headerBytes = file.byteSize() < Long.BYTES ? -1 : file.get(LittleEndian.LONG, 0);
    if (headerBytes < 2 || headerBytes > file.byteSize() - Long.BYTES) {
      throw new IllegalArgumentException(
          "%s: says its header has %d bytes, the file has %d; fetch it again"
              .formatted(path, headerBytes, file.byteSize()));
    }
    if (headerBytes > JsonFiles.MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: its header has %d bytes, at most %d are read; fetch it again"
              .formatted(path, headerBytes, JsonFiles.MAX_BYTES));
    }
    byte[] header = file.asSlice(Long.BYTES, headerBytes).toArray(ValueLayout.JAVA_BYTE);
    MemorySegment data = file.asSlice(Long.BYTES + headerBytes);
    SequencedMap<String, Entry> entries = new LinkedHashMap<>();
    List<long[]> ranges = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property :
        JsonFiles.parseObject(header, path + ": header").properties()) {
      if (!property.getKey().equals(METADATA)) {
        ranges.add(range(path, property.getKey(), property.getValue(), data.byteSize()));
        long begin = ranges.getLast()[0];
        MemorySegment bytes = data.asSlice(begin, ranges.getLast()[1] - begin);
        entries.put(property.getKey(), entry(path, property.getKey(), property.getValue(), bytes));
      }
    }
    requireNoHoles(path, ranges, data.byteSize());
    return new SafetensorsFile(path, entries);
  }

  /// All tensors by name, in the order of the header.
  public SequencedMap<String, Entry> entries() {
    return Collections.unmodifiableSequencedMap(entries);
  }

  /// All tensors, in the order of the header; in memory unless the file misaligns them.
  ///
  /// @throws IllegalArgumentException if one has a type or shape that [StoredTensor] does not have
  public List<StoredTensor> tensors() {
    return entries.values().stream().map(this::toStored).toList();
  }

  /// Writes tensors to a new file, in their order but wider element types first: all stay aligned.
  ///
  /// @param metadata what `__metadata__` holds; Python's transformers wants `format` = `pt`
  public static void write(
      HashedFile file, Collection<StoredTensor> tensors, Map<String, String> metadata)
      throws IOException {
    List<StoredTensor> ordered =
        tensors.stream()
            .sorted(Comparator.comparingInt((StoredTensor t) -> t.dtype().bytes()).reversed())
            .toList();
    TensorFiles.requireDistinct(ordered);
    byte[] header = header(ordered, metadata).toString().getBytes(StandardCharsets.UTF_8);
    int align = MappedFiles.ALIGNMENT;
    int paddedBytes = (Long.BYTES + header.length + align - 1) / align * align;
    ByteBuffer head = ByteBuffer.allocate(paddedBytes).order(ByteOrder.LITTLE_ENDIAN);
    head.putLong(paddedBytes - Long.BYTES).put(header);
    Arrays.fill(head.array(), Long.BYTES + header.length, paddedBytes, (byte) ' ');
    file.write(head.rewind());
    for (StoredTensor tensor : ordered) {
      file.write(tensor.content());
    }
  }

  private StoredTensor toStored(Entry entry) {
    DType dtype = dtypeOf(entry);
    long[] sizes = entry.shape().stream().mapToLong(Long::longValue).toArray();
    TensorFiles.requireElements(path, entry.name(), sizes);
    try {
      Shape shape = Shape.of(sizes);
      TensorContent content = JoinedParts.asContent(entry.data(), dtype.bytes());
      return new StoredTensor(entry.name(), dtype, shape, content);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "%s: tensor '%s': %s; fetch the file again".formatted(path, entry.name(), e.getMessage()),
          e);
    }
  }

  private DType dtypeOf(Entry entry) {
    for (DType dtype : DType.values()) {
      if (!dtype.isBlocked() && typeName(dtype).equalsIgnoreCase(entry.dtype())) {
        return dtype;
      }
    }
    throw new IllegalArgumentException(
        "%s: tensor '%s' has type '%s', which is none of F64, F32, F16, BF16, I32; convert it"
            .formatted(path, entry.name(), entry.dtype()));
  }

  private static String typeName(DType dtype) {
    return dtype == DType.INT32 ? "I32" : dtype.name();
  }

  private static ObjectNode header(List<StoredTensor> tensors, Map<String, String> metadata) {
    ObjectNode header = JsonNodeFactory.instance.objectNode();
    ObjectNode extra = header.putObject(METADATA);
    metadata.forEach(extra::put);
    long offset = 0;
    for (StoredTensor tensor : tensors) {
      ObjectNode entry = header.putObject(tensor.name());
      entry.put("dtype", typeName(tensor.dtype()));
      ArrayNode shape = entry.putArray("shape");
      for (long axisSize : tensor.shape().toArray()) {
        shape.add(axisSize);
      }
      long end = offset + tensor.content().byteSize();
      entry.putArray("data_offsets").add(offset).add(end);
      offset = end;
    }
    return header;
  }

  private static long[] range(Path path, String name, JsonNode entry, long dataBytes) {
    JsonNode offsets = entry.path("data_offsets");
    long begin = wholeNumber(offsets.path(0));
    long end = wholeNumber(offsets.path(1));
    if (offsets.size() != 2 || begin < 0 || end < begin || end > dataBytes) {
      throw new IllegalArgumentException(
          "%s: tensor '%s' has data_offsets %s, the data has %d bytes; fetch the file again"
              .formatted(path, name, offsets, dataBytes));
    }
    return new long[] {begin, end};
  }

  private static long wholeNumber(JsonNode value) {
    return value.isIntegralNumber() && value.canConvertToLong() ? value.longValue() : -1;
  }

  private static Entry entry(Path path, String name, JsonNode entry, MemorySegment bytes) {
    try {
      List<Long> shape = Arrays.stream(JsonFiles.longs(entry.path("shape"))).boxed().toList();
      return new Entry(name, entry.path("dtype").asText(), shape, bytes);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s: tensor '%s' has a bad shape: %s; fetch the file again"
              .formatted(path, name, e.getMessage()),
          e);
    }
  }

  private static void requireNoHoles(Path path, List<long[]> ranges, long dataBytes) {
    long expected = 0;
    for (long[] range : ranges.stream().sorted(Arrays::compare).toList()) {
      if (range[0] != expected) {
        throw new IllegalArgumentException(
            "%s: a tensor begins at byte %d where the one before it ends at %d; fetch the file again"
                .formatted(path, range[0], expected));
      }
      expected = range[1];
    }
    if (expected != dataBytes) {
      throw new IllegalArgumentException(
          "%s: its tensors end at byte %d, its data at %d; fetch the file again"
              .formatted(path, expected, dataBytes));
    }
  }
}
