package dev.irpo.model;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.files.MappedFiles;
import dev.irpo.checkpoints.gguf.GgufVocabulary;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tokenizer.TokenizerFolder;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Models on disk together with their tokenizers, wherever those are: this is where checkpoints and
/// tokenizers meet.
public final class ModelFiles {
  private ModelFiles() {}

  /// Opens a model; the tokenizer inside its file is used where none is given.
  ///
  /// @throws IOException as [ModelFormats#open]
  /// @throws IllegalArgumentException as [ModelFormats#open]
  public static StoredModel open(Path path, Optional<Path> tokenizer) throws IOException {
    return ModelFormats.open(path, tokenizer, ModelFiles::converted);
  }

  private static TokenizerFiles converted(EmbeddedTokenizer embedded) {
    return switch (embedded) {
      case GgufVocabulary vocabulary -> GgufTokenizer.files(vocabulary);
      default -> throw embedded.refused("its tokenizer is of a kind that is not read");
    };
  }

  /// A tokenizer of whatever model, with what lies beside it.
  ///
  /// @throws IOException if there is no such file
  /// @throws IllegalArgumentException in one line if it is damaged or not supported
  public static TokenizerFolder tokenizer(Path file) throws IOException {
    MappedFiles.requireFile(file);
    return TextRules.folder(TokenizerFiles.read(List.of(file))).orElseThrow();
  }

  /// How the texts of a model that is not there become ids, by a tokenizer and what lies beside it.
  ///
  /// @throws IOException if there is no such file
  /// @throws IllegalArgumentException as [TextRules#of]
  public static TextRules text(Path tokenizer, LlamaConfig sizes) throws IOException {
    MappedFiles.requireFile(tokenizer);
    return TextRules.of(TokenizerFiles.read(List.of(tokenizer)), sizes).orElseThrow();
  }

  /// How the texts of a model that cannot do without become ids.
  ///
  /// @throws IOException saying where the tokenizer was looked for
  /// @throws IllegalArgumentException as [TextRules#of]
  public static TextRules requireText(StoredModel model) throws IOException {
    LlamaConfig config = LanguageModel.configOf(model);
    return TextRules.of(model.requireTokenizer(), config).orElseThrow();
  }
}
