package dev.irpo.checkpoints.arrow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.FloatConversion;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.QuantisedContent;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.arrow.vector.types.pojo.Schema;

/// Tensors of one element type in an Arrow IPC file; the package documentation has the layout.
final class WeightsFile {
  static final String COLUMN = "values";
  static final String METADATA_KEY = "irpo.tensors";

  private WeightsFile() {}

  /// Writes tensors as elements of `dtype`, converting those of another type a chunk at a time. Of
  /// blocks each is a row.
  static void write(HashedFile out, List<StoredTensor> tensors, DType dtype, long sliceElements)
      throws IOException {
    int block = dtype.blockElements();
    long most = Math.max(block, sliceElements / block * block);
    List<Slice> slices = new ArrayList<>();
    ArrayNode directory = JsonNodeFactory.instance.arrayNode();
    for (StoredTensor tensor : tensors) {
      ObjectNode entry = directory.addObject();
      entry.put("name", tensor.name()).put("dtype", ArrowTypes.nameOf(dtype));
      ArrayNode shape = entry.putArray("shape");
      for (long axisSize : tensor.shape().toArray()) {
        shape.add(axisSize);
      }
      ArrayNode listed = entry.putArray("slices");
      long elements = tensor.shape().numElements();
      for (long offset = 0; offset < elements; offset += most) {
        long length = Math.min(most, elements - offset);
        listed.addObject().put("batch", slices.size()).put("offset", offset).put("length", length);
        slices.add(new Slice(tensor, offset, length, dtype));
      }
    }
    Schema schema =
        new Schema(
            List.of(ArrowTypes.field(COLUMN, dtype)), Map.of(METADATA_KEY, directory.toString()));
    IpcFileWriter writer = new IpcFileWriter(out, schema);
    for (Slice slice : slices) {
      writer.writeBatch(slice.length() / block, List.of(slice));
    }
    writer.finish();
  }

  /// The tensors of a file in its order: views of a memory map, except tensors of several slices;
  /// blocks as the single precision that they stand for ([StoredTensor#quantised]).
  ///
  /// @throws IllegalArgumentException if the file is damaged or contradicts itself
  static List<StoredTensor> read(Path path, Arena arena) throws IOException {
    IpcFile file = IpcFile.map(path, arena);
    byte[] directory = file.metadata(METADATA_KEY).getBytes(StandardCharsets.UTF_8);
    List<StoredTensor> tensors = new ArrayList<>();
    for (JsonNode entry : JsonFiles.parse(directory, path + ": metadata " + METADATA_KEY)) {
      try {
        tensors.add(tensor(file, entry));
      } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
        String fact = "tensor '%s': %s".formatted(entry.path("name").asText(), e.getMessage());
        throw IpcFile.damaged(path, fact, e);
      }
    }
    return tensors;
  }

  private static StoredTensor tensor(IpcFile file, JsonNode entry) {
    DType dtype = ArrowTypes.named(entry.path("dtype").asText());
    if (!file.schema().getFields().equals(List.of(ArrowTypes.field(COLUMN, dtype)))) {
      throw new IllegalArgumentException(
          "its type is %s, the file has %s".formatted(dtype, file.schema().getFields()));
    }
    Shape shape = Shape.of(JsonFiles.longs(entry.path("shape")));
    List<MemorySegment> slices = new ArrayList<>();
    long elements = 0;
    for (JsonNode slice : entry.path("slices")) {
      IpcFile.Batch batch = file.batches().get(slice.path("batch").asInt(-1));
      long length = slice.path("length").asLong(-1);
      long rows = Math.multiplyExact(batch.rows(), dtype.blockElements());
      if (slice.path("offset").asLong(-1) != elements || length != rows) {
        throw new IllegalArgumentException(
            "slice %s does not follow element %d or its batch has %d"
                .formatted(slice, elements, rows));
      }
      slices.add(batch.columns().getFirst());
      elements += length;
    }
    if (elements != shape.numElements()) {
      throw new IllegalArgumentException(
          "shape %s has %d elements, its slices %d"
              .formatted(shape, shape.numElements(), elements));
    }
    TensorContent content =
        slices.size() == 1 ? TensorContent.of(slices.getFirst()) : new Slices(slices);
    String name = entry.path("name").asText();
    if (!dtype.isBlocked()) {
      return new StoredTensor(name, dtype, shape, content);
    }
    if (shape.size(shape.rank() - 1) % dtype.blockElements() != 0) {
      throw new IllegalArgumentException(
          "shape %s has rows of no whole blocks of %s".formatted(shape, dtype));
    }
    return new StoredTensor(name, DType.F32, shape, new QuantisedContent(content));
  }

  /// The slices of a tensor one after another.
  private record Slices(List<MemorySegment> slices) implements TensorContent {
    @Override
    public long byteSize() {
      return slices.stream().mapToLong(MemorySegment::byteSize).sum();
    }

    @Override
    public void read(long offset, MemorySegment target) {
      long begin = 0;
      for (MemorySegment slice : slices) {
        long from = Math.max(offset, begin);
        long bytes = Math.min(offset + target.byteSize(), begin + slice.byteSize()) - from;
        if (bytes > 0) {
          MemorySegment.copy(slice, from - begin, target, from - offset, bytes);
        }
        begin += slice.byteSize();
      }
    }
  }

  /// Consecutive elements of a tensor, to be written as `dtype`.
  private record Slice(StoredTensor tensor, long offset, long length, DType dtype)
      implements IpcFileWriter.ColumnData {
    @Override
    public long byteSize() {
      return dtype.bytes(length);
    }

    @Override
    public void writeTo(HashedFile out) throws IOException {
      Optional<MemorySegment> data = tensor.content().inMemory();
      if (tensor.dtype() != dtype) {
        writeConverted(out);
      } else if (data.isPresent()) {
        out.write(data.get().asSlice(dtype.bytes(offset), byteSize()));
      } else {
        long begin = dtype.bytes(offset);
        out.write(byteSize(), (at, target) -> tensor.content().read(begin + at, target));
      }
    }

    private void writeConverted(HashedFile out) throws IOException {
      DType from = tensor.dtype();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment read =
            arena.allocate((long) HashedFile.PIECE_BYTES / dtype.bytes() * from.bytes());
        out.write(
            byteSize(),
            (at, target) -> {
              long bytes = target.byteSize() / dtype.bytes() * from.bytes();
              MemorySegment in = read.asSlice(0, bytes);
              tensor.content().read((offset + at / dtype.bytes()) * from.bytes(), in);
              FloatConversion.convert(from, in, dtype, target);
            });
      }
    }
  }
}
