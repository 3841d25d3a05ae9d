package dev.irpo.cli;

import dev.irpo.checkpoints.files.UnfinishedFolder;
import dev.irpo.checkpoints.gguf.GgufType;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.peft.PeftWriter;
import dev.irpo.export.ExportSource;
import dev.irpo.export.GgufExport;
import dev.irpo.export.HuggingFaceExport;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo export`.
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a model as other programs load it: a Hugging Face folder with its tokenizer, chat",
      "template and model card, or one GGUF file for llama.cpp. Both have an adapter added to the",
      "weights; --format peft writes the adapter alone.",
      "The same command resumes an interrupted export of a folder."
    })
final class ExportCommand implements Callable<Integer> {
  private static final long DEFAULT_FILE_BYTES = 5_000_000_000L;

  /// What is written.
  enum Format {
    HF,
    GGUF,
    PEFT
  }

  /// Element types of weights.
  enum WeightType {
    F32,
    F16,
    BF16,
    Q8_0
  }

  @Mixin private ModelOptions model;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR|FILE",
      description = "new folder, or new file for gguf")
  private Path to;

  @Option(
      names = "--format",
      paramLabel = "hf|gguf|peft",
      defaultValue = "hf",
      description =
          "Hugging Face folder, GGUF file, or the model's adapter as PEFT's folder; default:"
              + " ${DEFAULT-VALUE}")
  private Format format;

  @Option(
      names = "--dtype",
      paramLabel = "f32|f16|bf16|q8_0",
      description = "element type of the weights, q8_0 for gguf alone; default: that of the source")
  private WeightType dtype;

  @Option(
      names = "--max-file-bytes",
      paramLabel = "N",
      description =
          "hf: larger weights are split into several files with an index; default: 5000000000")
  private Long maxFileBytes;

  @Option(
      names = "--base",
      paramLabel = "NAME",
      description = "peft: name or path of the model that PEFT adds the adapter to")
  private String base;

  @Override
  public Integer call() throws IOException {
    requireFitting();
    try (StoredModel stored = ModelFiles.open(model.model, model.tokenizer())) {
      switch (format) {
        case HF -> writeFolder(ExportSource.of(AdaptedModel.merged(stored)));
        case GGUF -> writeFile(ExportSource.of(AdaptedModel.merged(stored)));
        case PEFT -> writeAdapter(stored);
      }
    }
    return 0;
  }

  private void requireFitting() {
    if (format == Format.HF && dtype == WeightType.Q8_0) {
      throw new IllegalArgumentException(
          "--dtype q8_0: a Hugging Face folder has f32, f16 or bf16; take one of them, or --format"
              + " gguf");
    }
    if (format == Format.GGUF && maxFileBytes != null) {
      throw new IllegalArgumentException(
          "--max-file-bytes %d: a GGUF is one file; leave it out".formatted(maxFileBytes));
    }
    if ((format == Format.PEFT) != (base != null)) {
      throw new IllegalArgumentException(
          format == Format.PEFT
              ? "--format peft: name the model that the adapter belongs to with --base"
              : "--base %s: only an adapter has one, and both other formats have it merged; leave it out"
                  .formatted(base));
    }
    if (format == Format.PEFT && (dtype != null || maxFileBytes != null)) {
      throw new IllegalArgumentException(
          "--format peft: an adapter keeps its type and is one file; leave out --dtype and"
              + " --max-file-bytes");
    }
  }

  private void writeFolder(ExportSource source) throws IOException {
    HuggingFaceWriter writer =
        new HuggingFaceWriter(
            maxFileBytes == null ? DEFAULT_FILE_BYTES : maxFileBytes,
            Optional.ofNullable(dtype).map(type -> DType.valueOf(type.name())));
    long bytes = writer.bytesOf(source.model().tensors().values());
    if (!Files.exists(to) && !Files.exists(UnfinishedFolder.of(to))) { // resuming needs less
      DiskRoom.require(to, bytes, "a smaller --dtype");
    }
    try (ByteBar bar = bar(bytes)) {
      HuggingFaceExport.write(to, source, writer, bar);
    }
  }

  private void writeFile(ExportSource source) throws IOException {
    if (Files.exists(to)) {
      throw new FileAlreadyExistsException(
          to + ": exists already; remove it or write to another file");
    }
    GgufType type = dtype == null ? GgufExport.typeOf(source) : GgufType.valueOf(dtype.name());
    long bytes = GgufExport.bytesOf(source, type);
    DiskRoom.require(to, bytes, "a smaller --dtype");
    try (ByteBar bar = bar(bytes)) {
      GgufExport.write(to, source, type, bar);
    }
  }

  private void writeAdapter(StoredModel stored) throws IOException {
    var _ = LanguageModel.checkWeights(stored);
    long bytes = PeftWriter.tensors(stored).stream().mapToLong(t -> t.content().byteSize()).sum();
    DiskRoom.require(to, bytes, "another disk");
    PeftWriter.write(to, stored, base);
  }

  private ByteBar bar(long bytes) {
    return new ByteBar("write " + to.getFileName(), bytes);
  }
}
