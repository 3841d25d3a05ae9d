package dev.irpo.checkpoints.arrow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.Manifest;
import dev.irpo.checkpoints.files.NewFiles;
import dev.irpo.checkpoints.files.UnfinishedFolder;
import dev.irpo.checkpoints.model.FloatConversion;
import dev.irpo.checkpoints.model.LlamaConfigJson;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.SourceIdentity;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TensorFiles;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.function.LongConsumer;

/// Writes models as converted folders; the package documentation has the layout.
///
/// Memory does not grow with the model: tensors go from their memory maps to the file, and those
/// that are assembled or change their type do so in pieces of 4 MiB.
///
/// @param dtype what all tensors become; empty keeps the type of each, blocks of q8_0 too
/// @param maxFileBytes weights continue in another file where one would become larger, at least 1
/// @param sliceElements a larger tensor becomes several record batches, which costs a copy on
///   reading; at least 1, and at most 2³¹−1, which is where other Arrow libraries stop
public record ArrowModelWriter(Optional<DType> dtype, long maxFileBytes, long sliceElements) {
  private static final long DEFAULT_FILE_BYTES = 5_000_000_000L;
  private static final long DEFAULT_SLICE_ELEMENTS = 1L << 30;

  /// Checks the limits.
  ///
  /// @throws IllegalArgumentException if a limit is out of range or the type is not f32, f16 or
  ///   bf16
  public ArrowModelWriter {
    if (maxFileBytes < 1 || sliceElements < 1 || sliceElements > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "maxFileBytes %d and sliceElements %d must be at least 1, the latter at most %d"
              .formatted(maxFileBytes, sliceElements, Integer.MAX_VALUE));
    }
    if (!dtype.map(FloatConversion::supports).orElse(true)) {
      throw new IllegalArgumentException(
          "--dtype: weights cannot become " + dtype.get() + "; use f32, f16 or bf16");
    }
  }

  /// Keeps the types, files of 5 GB, slices of 2³⁰ elements.
  public static ArrowModelWriter keepingTypes() {
    return new ArrowModelWriter(Optional.empty(), DEFAULT_FILE_BYTES, DEFAULT_SLICE_ELEMENTS);
  }

  /// The same, converting to a type.
  public static ArrowModelWriter convertingTo(DType dtype) {
    return new ArrowModelWriter(Optional.of(dtype), DEFAULT_FILE_BYTES, DEFAULT_SLICE_ELEMENTS);
  }

  /// Writes a whole stored model to a new folder, with its tokenizer if it has one.
  ///
  /// A process that was killed leaves `TARGET.unfinished`; the same call resumes there and ends in
  /// the same bytes.
  ///
  /// @param onWritten gets numbers of bytes, which add up to a little more than [#bytesOf]
  /// @throws IllegalArgumentException if the unfinished folder was started from other files or with
  ///   another writer
  public void write(Path target, StoredModel model, LongConsumer onWritten) throws IOException {
    Collection<StoredTensor> tensors = model.tensors().values();
    TensorFiles.requireDistinct(List.copyOf(tensors));
    TokenizerFiles tokenizer = model.tokenizerFiles();
    UnfinishedFolder.write(
        target,
        SourceIdentity.of(model, tokenizer, toString()),
        onWritten,
        files -> {
          writeContents(files, model.config(), tensors, tokenizer);
          files.writeManifest();
        });
  }

  /// The same without reports of progress.
  public void write(Path target, StoredModel model) throws IOException {
    write(target, model, _ -> {});
  }

  /// Bytes of tensors as this writer stores them.
  public long bytesOf(Collection<StoredTensor> tensors) {
    return tensors.stream()
        .mapToLong(tensor -> storedType(tensor).bytes(tensor.shape().numElements()))
        .sum();
  }

  /// Writes a model to a new folder, which appears when everything is in it.
  ///
  /// @param config what config.json holds; its dtype is set when the tensors are converted
  public void write(
      Path target, JsonNode config, Collection<StoredTensor> tensors, TokenizerFiles tokenizer)
      throws IOException {
    AtomicFiles.writeFolder(
        target,
        folder -> Manifest.write(folder, writeContents(folder, config, tensors, tokenizer)));
  }

  /// Writes everything but the manifest into a folder, for callers who add files of their own
  /// inside [AtomicFiles#writeFolder] and then write the [Manifest] of all.
  ///
  /// @return what was written, for [Manifest#write]
  public SortedMap<String, Manifest.Entry> writeContents(
      Path folder, JsonNode config, Collection<StoredTensor> tensors, TokenizerFiles tokenizer)
      throws IOException {
    TensorFiles.requireDistinct(List.copyOf(tensors));
    NewFiles files = new NewFiles(folder, _ -> {});
    writeContents(files, config, tensors, tokenizer);
    return files.written();
  }

  private void writeContents(
      NewFiles newFiles,
      JsonNode config,
      Collection<StoredTensor> tensors,
      TokenizerFiles tokenizer)
      throws IOException {
    newFiles.write(
        ModelFormat.CONFIG,
        dtype.map(type -> LlamaConfigJson.withType(config, type)).orElse(config));
    tokenizer.writeTo(newFiles);
    SequencedMap<String, String> fileOfTensor = new LinkedHashMap<>();
    tensors.forEach(tensor -> fileOfTensor.put(tensor.name(), "")); // keeps the order of the source
    List<List<StoredTensor>> files = files(tensors);
    SequencedMap<String, NewFiles.Content> contents = new LinkedHashMap<>();
    for (int i = 0; i < files.size(); i++) {
      String fileName = "weights-%05d-of-%05d.arrow".formatted(i + 1, files.size());
      DType stored = storedType(files.get(i).getFirst());
      List<StoredTensor> inFile = files.get(i);
      contents.put(fileName, out -> WeightsFile.write(out, inFile, stored, sliceElements));
      inFile.forEach(tensor -> fileOfTensor.put(tensor.name(), fileName));
    }
    newFiles.write(contents);
    newFiles.write(ArrowFormat.INDEX, TensorFiles.index(fileOfTensor));
  }

  /// A file has one element type, so the tensors are sorted by it before they are split by size.
  private List<List<StoredTensor>> files(Collection<StoredTensor> tensors) {
    Map<DType, List<StoredTensor>> byType = new LinkedHashMap<>();
    for (StoredTensor tensor : tensors) {
      DType type = storedType(tensor);
      StoredTensor stored = type.isBlocked() ? tensor.quantised().orElseThrow() : tensor;
      byType.computeIfAbsent(type, _ -> new ArrayList<>()).add(stored);
    }
    List<List<StoredTensor>> files = new ArrayList<>();
    byType.forEach((type, group) ->
        files.addAll(
            TensorFiles.split(
                group, tensor -> type.bytes(tensor.shape().numElements()), maxFileBytes)));
    return files;
  }

  private DType storedType(StoredTensor tensor) {
    if (dtype.isPresent()) {
      return FloatConversion.supports(tensor.dtype()) ? dtype.get() : tensor.dtype();
    }
    return tensor.quantised().isPresent() ? DType.Q8_0 : tensor.dtype();
  }
}
