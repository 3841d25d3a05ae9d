package dev.irpo.cli;

import dev.irpo.checkpoints.HuggingFaceWriter;
import dev.irpo.checkpoints.StoredModel;
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
    description = "Writes a model as a Hugging Face folder (config.json, model.safetensors).")
final class ExportCommand implements Callable<Integer> {
  @Mixin private ModelOptions model;

  @Option(names = "--to", required = true, paramLabel = "HF_DIR", description = "new folder")
  private Path to;

  @Override
  public Integer call() throws IOException {
    try (StoredModel source = ModelFiles.open(model.model, model.tokenizer())) {
      LanguageModel.check(source);
      new HuggingFaceWriter().write(to, source);
    }
    return 0;
  }
}
