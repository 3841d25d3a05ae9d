package dev.irpo.checkpoints;

import dev.irpo.checkpoints.arrow.ArrowFormat;
import dev.irpo.checkpoints.arrow.ArrowPartFormat;
import dev.irpo.checkpoints.files.UnfinishedFolder;
import dev.irpo.checkpoints.gguf.GgufFormat;
import dev.irpo.checkpoints.huggingface.HuggingFaceFormat;
import dev.irpo.checkpoints.llama2c.Llama2cFormat;
import dev.irpo.checkpoints.meta.MetaFormat;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import dev.irpo.checkpoints.model.ModelFormat;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.checkpoints.peft.PeftFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The formats in which models are read, and the way to open one whatever its format.
public final class ModelFormats {
  /// In the order in which a path is tried; llama2.c takes every file, so it is last.
  private static final List<ModelFormat> ALL =
      List.of(
          new ArrowPartFormat(ModelFormats::of),
          new ArrowFormat(),
          new PeftFormat(ModelFormats::of),
          new HuggingFaceFormat(),
          new MetaFormat(),
          new GgufFormat(),
          new Llama2cFormat());

  private ModelFormats() {}

  /// Opens a model with the tokenizer that lies beside it.
  ///
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(Path path) throws IOException {
    return open(path, Optional.empty());
  }

  /// Opens a model whose tokenizer lies beside it or is given.
  ///
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(Path path, Optional<Path> tokenizer) throws IOException {
    return StoredModel.open(path, of(path), tokenizer, Optional.empty());
  }

  /// Opens a model whose tokenizer is inside its file, lies beside it or is given.
  ///
  /// @param tokenizer a `tokenizer.model` or `tokenizer.json` to use instead of the one inside the
  ///   file or beside the weights
  /// @param converter turns the tokenizer inside a model's file into files
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel open(
      Path path, Optional<Path> tokenizer, Function<EmbeddedTokenizer, TokenizerFiles> converter)
      throws IOException {
    return StoredModel.open(path, of(path), tokenizer, Optional.of(converter));
  }

  /// Opens the tensors that lie in a converted folder itself, without those of its
  /// [dev.irpo.checkpoints.arrow.BaseModel].
  ///
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  public static StoredModel openWithoutBase(Path folder) throws IOException {
    return StoredModel.open(folder, new ArrowFormat(), Optional.empty(), Optional.empty());
  }

  /// The format of the model at a path.
  ///
  /// @throws NoSuchFileException if there is nothing, something unfinished or something else
  public static ModelFormat of(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(path + ": there is no such model; check the path");
    }
    if (UnfinishedFolder.matches(path)) {
      throw new NoSuchFileException(
          path + ": is not finished; run the command that was writing it again");
    }
    for (ModelFormat format : ALL) {
      if (format.matches(path)) {
        return format;
      }
    }
    throw new NoSuchFileException(
        "%s: is neither %s; give a model's folder or file"
            .formatted(
                path,
                ALL.stream().map(ModelFormat::description).collect(Collectors.joining(" nor "))));
  }
}
