package dev.irpo.cli;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `irpo convert`.
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    description = {
      "Converts a Hugging Face or Meta folder, GGUF or llama2.c file to a model folder.",
      "The same command resumes an interrupted conversion."
    })
final class ConvertCommand implements Callable<Integer> {
  /// Element types a model can be stored in.
  enum StorageType {
    F32,
    F16,
    BF16
  }

  @Option(names = "--from", required = true, paramLabel = "DIR|FILE")
  private Path from;

  @Option(names = "--to", required = true, paramLabel = "MODEL", description = "new folder")
  private Path to;

  @Option(names = "--tokenizer", paramLabel = "FILE", description = "tokenizer.model or .json")
  private Path tokenizer;

  @Option(
      names = "--dtype",
      paramLabel = "f32|f16|bf16",
      description = "element type; default: that of the source")
  private StorageType dtype;

  @Override
  public Integer call() throws IOException {
    try (StoredModel source = ModelFiles.open(from, Optional.ofNullable(tokenizer))) {
      LanguageModel.check(source);
      ArrowModelWriter writer =
          dtype == null
              ? ArrowModelWriter.keepingTypes()
              : ArrowModelWriter.convertingTo(DType.valueOf(dtype.name()));
      long bytes = writer.bytesOf(source.tensors().values());
      try (ByteBar bar = new ByteBar("write " + to.getFileName(), bytes)) {
        writer.write(to, source, bar);
      }
    }
    return 0;
  }
}
