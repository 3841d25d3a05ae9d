package dev.irpo.cli;

import dev.irpo.tensor.DType;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import picocli.CommandLine.Option;

/// The model of commands that need its sizes alone.
final class SizesOption {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      defaultValue = "llama-2-7b",
      description =
          "a --shape of irpo synthesize, or a model as other commands take it; default: ${DEFAULT-VALUE}")
  private String model;

  String name() {
    return model;
  }

  /// Reads no weights.
  ///
  /// @throws IllegalArgumentException if there is no such model
  LlamaConfig sizes() throws IOException {
    return ModelSizes.of(model);
  }

  /// What its matrices are stored in; likewise.
  DType type() throws IOException {
    return ModelSizes.typeOf(model);
  }
}
