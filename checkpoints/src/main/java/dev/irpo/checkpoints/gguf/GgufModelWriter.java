package dev.irpo.checkpoints.gguf;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.files.LittleEndian;
import dev.irpo.checkpoints.model.FusedRows;
import dev.irpo.checkpoints.model.InterleavedRows;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.LongConsumer;

/// Writes Llamas and their relatives as GGUF files: names, order of the rows of the query and key
/// projections and element types as llama.cpp's converter has them. The inverse of what
/// [GgufFormat] reads.
///
/// Memory does not grow with the model: elements change their type in pieces while they are
/// written. The file appears when all of it is there.
///
/// Source: llama.cpp, `convert_hf_to_gguf.py`.
///
/// @param architecture says in which order rows lie
/// @param type of the matrices; [GgufTensor] has the exceptions
/// @param headDim D, width of a head
public record GgufModelWriter(GgufArchitecture architecture, GgufType type, int headDim) {
  /// Writes a model to a new file.
  ///
  /// @param values the metadata in its order: Integer (u32), Long (u64), Float, Boolean, String,
  ///   `int[]`, `float[]` or a list of strings
  /// @param tensors under Hugging Face's names, as many as the model has; others are left out
  /// @param ropeFactors what each rotary frequency is divided by, empty where nothing is
  /// @param onWritten gets numbers of bytes, which add up to the file's
  /// @throws FileAlreadyExistsException if the target exists
  public void write(
      Path target,
      SequencedMap<String, Object> values,
      Collection<StoredTensor> tensors,
      float[] ropeFactors,
      LongConsumer onWritten)
      throws IOException {
    if (Files.exists(target)) {
      throw new FileAlreadyExistsException(
          target + ": exists already; remove it or write to another file");
    }
    List<GgufTensor> stored = stored(tensors, ropeFactors);
    AtomicFiles.writeFile(
        target,
        temporary -> {
          try (HashedFile out = new HashedFile(temporary, onWritten)) {
            GgufFileWriter.write(out, new LinkedHashMap<>(values), stored);
            out.finish();
          }
        });
  }

  /// Bytes of the tensors as this writer stores them.
  public long bytesOf(Collection<StoredTensor> tensors) {
    return stored(tensors, new float[0]).stream()
        .mapToLong(tensor -> tensor.content().byteSize())
        .sum();
  }

  private List<GgufTensor> stored(Collection<StoredTensor> tensors, float[] ropeFactors) {
    List<GgufTensor> stored = new ArrayList<>();
    if (ropeFactors.length > 0) {
      stored.add(GgufTensor.of(GgufTensorNames.ROPE_TABLE, vector(ropeFactors), type));
    }
    Collection<StoredTensor> inFile =
        architecture.has(GgufArchitecture.Feature.FUSED_ROWS) ? FusedRows.joined(tensors) : tensors;
    for (StoredTensor tensor : inFile) {
      GgufTensorNames.of(tensor.name())
          .ifPresent(name -> stored.add(GgufTensor.of(name, ordered(tensor), type)));
    }
    return stored;
  }

  private static StoredTensor vector(float[] values) {
    MemorySegment data = MemorySegment.ofArray(new byte[values.length * Float.BYTES]);
    MemorySegment.copy(values, 0, data, LittleEndian.FLOAT, 0, values.length);
    return new StoredTensor("rope_freqs", DType.F32, Shape.of(values.length), data);
  }

  private StoredTensor ordered(StoredTensor tensor) {
    boolean isRotated =
        tensor.name().endsWith("q_proj.weight") || tensor.name().endsWith("k_proj.weight");
    if (!isRotated || !architecture.has(GgufArchitecture.Feature.INTERLEAVED_ROWS)) {
      return tensor;
    }
    long rowBytes = (long) tensor.shape().size(1) * tensor.dtype().bytes();
    return new StoredTensor(
        tensor.name(),
        tensor.dtype(),
        tensor.shape(),
        new InterleavedRows(tensor.content(), headDim, rowBytes));
  }
}
