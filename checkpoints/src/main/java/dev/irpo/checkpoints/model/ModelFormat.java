package dev.irpo.checkpoints.model;

import dev.irpo.checkpoints.files.SeenChecksums;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;

/// A way to store models: whether a path holds one, and how it is opened.
///
/// A format is a class in a package of its own and a line in the list of
/// `dev.irpo.checkpoints.ModelFormats`; nothing else names it. Whatever it reads is handed out as
/// Hugging Face would store it: its names of tensors, its order of the rows of the query and key
/// projections, its `config.json`.
public interface ModelFormat {
  /// Finds the format of a model.
  @FunctionalInterface
  interface Finder {
    /// The format.
    ///
    /// @throws java.nio.file.NoSuchFileException if there is no model
    ModelFormat of(Path path) throws IOException;
  }

  /// The file of Hugging Face's configuration in a folder.
  String CONFIG = "config.json";

  /// The name that users see, for instance `HUGGING_FACE`.
  String name();

  /// What such a model is and how it is recognised, for instance `a folder with
  /// weights.index.json`.
  String description();

  /// Whether a path looks like a model of this format, however damaged that may be; reads names of
  /// files and first bytes only.
  ///
  /// @param path of a file or folder that exists
  boolean matches(Path path) throws IOException;

  /// Maps a model for as long as the arena lives; sizes and offsets are checked, checksums are not.
  ///
  /// @throws IllegalArgumentException if a file is damaged or contradicts another
  /// @throws IOException if a file is missing or cannot be read
  ModelParts read(Path path, Arena arena) throws IOException;

  /// Checks every byte of a model against checksums that are stored with it, where the format has
  /// them.
  ///
  /// @param seen files that need not be read again
  /// @throws IllegalArgumentException naming the first file that differs
  default void verifyChecksums(Path path, SeenChecksums seen) throws IOException {}

  /// The tokenizers' files that lie with a model, none where there is none or it is not clear which
  /// one it is; for a folder `tokenizer.model` and `tokenizer.json`.
  default List<Path> tokenizers(Path path) throws IOException {
    return TokenizerFiles.findIn(path);
  }

  /// The message where a tokenizer is needed and [#tokenizers] finds none: the path, the fact, the
  /// way out.
  default String missingTokenizer(Path path) throws IOException {
    return "%s: there is no such file and no %s; copy one there or name one with --tokenizer"
        .formatted(path.resolve(TokenizerFiles.SENTENCE_PIECE), TokenizerFiles.JSON);
  }
}
