package dev.irpo.checkpoints.model;

import dev.irpo.checkpoints.files.NewFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Stream;

/// The small files of a model folder beside config.json, by name: `tokenizer.model`,
/// `tokenizer.json` or both, and those that say how a text and its answer are put together
/// (`tokenizer_config.json`, a chat template, `generation_config.json` …), where they are there.
/// They stay with the model wherever it is written.
///
/// @param contents bytes by file name; empty for a model without tokenizer
public record TokenizerFiles(SequencedMap<String, byte[]> contents) {
  /// A SentencePiece model.
  public static final String SENTENCE_PIECE = "tokenizer.model";

  /// A tokenizer of Hugging Face.
  public static final String JSON = "tokenizer.json";

  /// Special tokens by name, and perhaps the chat template.
  public static final String CONFIG = "tokenizer_config.json";

  /// Special tokens by name alone, which older programs read.
  public static final String SPECIAL_TOKENS = "special_tokens_map.json";

  /// How other programs sample by default, and the tokens that end a response.
  public static final String GENERATION_CONFIG = "generation_config.json";

  private static final List<String> COMPANIONS =
      List.of(
          CONFIG,
          SPECIAL_TOKENS,
          "added_tokens.json",
          "chat_template.jinja",
          "chat_template.json",
          GENERATION_CONFIG);

  /// Keeps the order.
  public TokenizerFiles {
    contents = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(contents));
  }

  /// No tokenizer.
  public static TokenizerFiles none() {
    return new TokenizerFiles(new LinkedHashMap<>());
  }

  /// A SentencePiece model alone.
  public static TokenizerFiles sentencePiece(byte[] model) {
    return new TokenizerFiles(new LinkedHashMap<>(Map.of(SENTENCE_PIECE, model)));
  }

  /// A `tokenizer.json` alone.
  public static TokenizerFiles json(byte[] json) {
    return new TokenizerFiles(new LinkedHashMap<>(Map.of(JSON, json)));
  }

  /// The tokenizer's file in a folder: `tokenizer.model`, else `tokenizer.json`.
  public static Optional<Path> findIn(Path folder) {
    return Stream.of(SENTENCE_PIECE, JSON)
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .findFirst();
  }

  /// Reads the tokenizer's file that was found in a folder and the files beside it, that of the
  /// other kind included.
  public static TokenizerFiles readFolder(Path tokenizer) throws IOException {
    SequencedMap<String, byte[]> contents = new LinkedHashMap<>(read(tokenizer).contents());
    for (String name : List.of(SENTENCE_PIECE, JSON)) {
      Path other = tokenizer.resolveSibling(name);
      if (!contents.containsKey(name) && Files.isRegularFile(other)) {
        contents.put(name, Files.readAllBytes(other));
      }
    }
    return new TokenizerFiles(contents);
  }

  /// Reads a tokenizer's file, whatever its name, and the files beside it, but no other tokenizer.
  public static TokenizerFiles read(Path tokenizer) throws IOException {
    SequencedMap<String, byte[]> contents = new LinkedHashMap<>();
    boolean isJson = tokenizer.toString().endsWith(".json");
    contents.put(isJson ? JSON : SENTENCE_PIECE, Files.readAllBytes(tokenizer));
    for (String name : COMPANIONS) {
      Path companion = tokenizer.resolveSibling(name);
      if (Files.isRegularFile(companion)) {
        contents.put(name, Files.readAllBytes(companion));
      }
    }
    return new TokenizerFiles(contents);
  }

  /// Content of the `tokenizer.json`, where it is one.
  public Optional<byte[]> json() {
    return Optional.ofNullable(contents.get(JSON));
  }

  /// Content of the `tokenizer.model`, where it is one.
  public Optional<byte[]> sentencePiece() {
    return Optional.ofNullable(contents.get(SENTENCE_PIECE));
  }

  /// Writes them into a folder.
  public void writeTo(NewFiles files) throws IOException {
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      files.write(file.getKey(), file.getValue());
    }
  }
}
