package dev.irpo.checkpoints.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.NewFiles;
import dev.irpo.checkpoints.files.UnfinishedFolder;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.checkpoints.model.FloatConversion;
import dev.irpo.checkpoints.model.FusedRows;
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
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.LongConsumer;

/// Writes models as Hugging Face folders: `config.json`, safetensors files, the small files beside
/// them.
///
/// Linear layers that a family's files have as one are joined ([FusedRows]).
///
/// Memory does not grow with the model: elements that change their type do so in pieces.
///
/// @param maxFileBytes weights of more bytes are split into several files with an index, at least 1
/// @param dtype what f32, f16 and bf16 tensors become; empty keeps the type of each
public record HuggingFaceWriter(long maxFileBytes, Optional<DType> dtype) {
  private static final long DEFAULT_FILE_BYTES = 5_000_000_000L;
  private static final Map<String, String> METADATA = Map.of("format", "pt");

  /// Checks the limit.
  ///
  /// @throws IllegalArgumentException if the limit is out of range or the type is not f32, f16 or
  ///   bf16
  public HuggingFaceWriter {
    if (maxFileBytes < 1) {
      throw new IllegalArgumentException(
          "maxFileBytes is %d; use 1 at least".formatted(maxFileBytes));
    }
    if (!dtype.map(FloatConversion::supports).orElse(true)) {
      throw new IllegalArgumentException(
          "--dtype: weights cannot become " + dtype.get() + "; use f32, f16 or bf16");
    }
  }

  /// Keeps the types.
  public HuggingFaceWriter(long maxFileBytes) {
    this(maxFileBytes, Optional.empty());
  }

  /// Keeps the types and splits at 5 GB, as Hugging Face does.
  public HuggingFaceWriter() {
    this(DEFAULT_FILE_BYTES);
  }

  /// Writes a model to a new folder, which appears when everything is in it.
  ///
  /// A process that was killed leaves `TARGET.unfinished`; the same call resumes there and ends in
  /// the same bytes.
  ///
  /// @param config what config.json holds; its dtype becomes that of the tensors
  /// @param files the small files beside it
  /// @param onWritten gets numbers of bytes, which add up to a little more than [#bytesOf]
  /// @throws IllegalArgumentException if the unfinished folder was started from other files or with
  ///   another limit
  public void write(
      Path target, StoredModel model, JsonNode config, TokenizerFiles files, LongConsumer onWritten)
      throws IOException {
    UnfinishedFolder.write(
        target,
        SourceIdentity.of(model, files, toString()),
        onWritten,
        folder -> writeContents(folder, config, model.tensors().values(), files));
  }

  /// The same with the configuration and the small files that the model has.
  public void write(Path target, StoredModel model, LongConsumer onWritten) throws IOException {
    write(target, model, model.config(), model.tokenizerFiles(), onWritten);
  }

  /// The same without reports of progress.
  public void write(Path target, StoredModel model) throws IOException {
    write(target, model, _ -> {});
  }

  /// Writes tensors of any origin, in their order, to a new folder that appears as a whole.
  ///
  /// @param config what config.json holds
  public void write(
      Path target, JsonNode config, Collection<StoredTensor> tensors, TokenizerFiles tokenizer)
      throws IOException {
    AtomicFiles.writeFolder(
        target, folder -> writeContents(new NewFiles(folder, _ -> {}), config, tensors, tokenizer));
  }

  /// Bytes of tensors as this writer stores them.
  public long bytesOf(Collection<StoredTensor> tensors) {
    return converted(tensors).stream().mapToLong(tensor -> tensor.content().byteSize()).sum();
  }

  private List<StoredTensor> converted(Collection<StoredTensor> tensors) {
    return tensors.stream()
        .map(tensor -> dtype.map(type -> ConvertedContent.of(tensor, type)).orElse(tensor))
        .toList();
  }

  private void writeContents(
      NewFiles files, JsonNode config, Collection<StoredTensor> tensors, TokenizerFiles tokenizer)
      throws IOException {
    List<StoredTensor> converted = FusedRows.joined(config, converted(tensors));
    files.write(ModelFormat.CONFIG, LlamaConfigJson.withType(config, mainType(converted)));
    tokenizer.writeTo(files);
    writeTensors(files, converted);
  }

  /// The type that most elements have.
  private static DType mainType(List<StoredTensor> tensors) {
    Map<DType, Long> elements = new EnumMap<>(DType.class);
    tensors.forEach(
        tensor -> elements.merge(tensor.dtype(), tensor.shape().numElements(), Long::sum));
    return Collections.max(elements.entrySet(), Map.Entry.comparingByValue()).getKey();
  }

  private void writeTensors(NewFiles newFiles, List<StoredTensor> tensors) throws IOException {
    List<List<StoredTensor>> files =
        TensorFiles.split(tensors, tensor -> tensor.content().byteSize(), maxFileBytes);
    if (files.size() == 1) {
      newFiles.write(
          HuggingFaceFormat.WEIGHTS, out -> SafetensorsFile.write(out, tensors, METADATA));
      return;
    }
    SequencedMap<String, String> fileOfTensor = new LinkedHashMap<>();
    SequencedMap<String, NewFiles.Content> contents = new LinkedHashMap<>();
    for (int i = 0; i < files.size(); i++) {
      String fileName = "model-%05d-of-%05d.safetensors".formatted(i + 1, files.size());
      List<StoredTensor> inFile = files.get(i);
      contents.put(fileName, out -> SafetensorsFile.write(out, inFile, METADATA));
      inFile.forEach(tensor -> fileOfTensor.put(tensor.name(), fileName));
    }
    newFiles.write(contents);
    ObjectNode index = TensorFiles.index(fileOfTensor);
    long bytes = tensors.stream().mapToLong(tensor -> tensor.content().byteSize()).sum();
    index.putObject("metadata").put("total_size", bytes);
    newFiles.write(HuggingFaceFormat.INDEX, index);
  }
}
