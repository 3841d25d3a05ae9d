package dev.irpo.cli;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo export`.
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a model as a Hugging Face folder (config.json, safetensors files).",
      "The same command resumes an interrupted export."
    })
final class ExportCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Option(names = "--to", required = true, paramLabel = "HF_DIR", description = "new folder")
  private Path to;

  @Option(
      names = "--max-file-bytes",
      paramLabel = "N",
      defaultValue = "5000000000",
      description =
          "larger weights are split into several files with an index; default: ${DEFAULT-VALUE}")
  private long maxFileBytes;

  @Override
  public Integer call() throws IOException {
    try (StoredModel source = ModelFiles.open(model.model, model.tokenizer())) {
      LanguageModel.check(source);
      long bytes = ArrowModelWriter.keepingTypes().bytesOf(source.tensors().values());
      try (ByteBar bar = new ByteBar("write " + to.getFileName(), bytes)) {
        new HuggingFaceWriter(maxFileBytes).write(to, source, bar);
      }
    }
    return 0;
  }
}
