package dev.irpo.model;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.gguf.GgufVocabulary;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tokenizer.JsonTokenizer;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
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

  /// The tokenizer of a model, if it has one.
  ///
  /// @throws IllegalArgumentException in one line if it is damaged or not supported
  public static Optional<Tokenizer> tokenizer(StoredModel model) throws IOException {
    if (!model.hasTokenizerInside()) {
      Optional<Path> file = model.tokenizerFile();
      return file.isPresent() ? Optional.of(Tokenizer.load(file.get())) : Optional.empty();
    }
    TokenizerFiles files = model.tokenizerFiles();
    String source = model.path().toString();
    Optional<Tokenizer> json = files.json().map(bytes -> JsonTokenizer.parse(bytes, source));
    return json.isPresent()
        ? json
        : files.sentencePiece().map(bytes -> SentencePieceTokenizer.parse(bytes, source));
  }

  /// The tokenizer of a model that cannot do without.
  ///
  /// @throws IOException saying where it was looked for
  /// @throws IllegalArgumentException as [#tokenizer]
  public static Tokenizer requireTokenizer(StoredModel model) throws IOException {
    Optional<Tokenizer> tokenizer = tokenizer(model);
    return tokenizer.isPresent() ? tokenizer.get() : Tokenizer.load(model.requireTokenizer());
  }
}
