package dev.irpo.cli;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.model.PublishedModels;
import dev.irpo.tensor.DType;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// Sizes of a model that is named or lies on disk; its weights are not read.
final class ModelSizes {
  private ModelSizes() {}

  /// The sizes.
  ///
  /// @throws IllegalArgumentException if `--model` is neither a known name nor a model
  static LlamaConfig of(String model) throws IOException {
    Optional<LlamaConfig> published = PublishedModels.find(model);
    if (published.isPresent()) {
      return published.get();
    }
    if (!Files.exists(Path.of(model))) {
      throw new IllegalArgumentException(
          "--model %s: there is no such file or folder, and the known names are %s"
              .formatted(model, PublishedModels.names()));
    }
    return ofStored(Path.of(model), Optional.empty());
  }

  /// What the matrices of the same model are stored in, of a known name what it is published in.
  static DType typeOf(String model) throws IOException {
    return PublishedModels.find(model).isPresent()
        ? PublishedModels.TYPE
        : typeOfStored(Path.of(model));
  }

  /// What the matrices of a model on disk are stored in.
  static DType typeOfStored(Path model) throws IOException {
    try (StoredModel stored = ModelFiles.open(model, Optional.empty())) {
      return LanguageModel.matrixType(stored);
    }
  }

  /// The sizes of a model on disk.
  static LlamaConfig ofStored(Path model, Optional<Path> tokenizer) throws IOException {
    try (StoredModel stored = ModelFiles.open(model, tokenizer)) {
      return LanguageModel.configOf(stored);
    }
  }
}
