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
/// What those of the tokenizer say together is for whoever knows tokenizers.
///
/// @param contents bytes by file name; empty for a model without tokenizer
/// @param sources what messages call a file, by file name
public record TokenizerFiles(
    SequencedMap<String, byte[]> contents, SequencedMap<String, String> sources) {
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

  /// Far beyond any: Llama 3's tokenizer.json has 9 MB, Gemma's 34.
  private static final long MAX_BYTES = 64L << 20;

  /// Keeps the order.
  public TokenizerFiles {
    contents = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(contents));
    sources = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(sources));
  }

  /// Files that messages call by their names.
  public TokenizerFiles(SequencedMap<String, byte[]> contents) {
    this(contents, new LinkedHashMap<>());
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

  /// The tokenizers in a folder: its `tokenizer.model` and its `tokenizer.json`, as far as they are
  /// there.
  public static List<Path> findIn(Path folder) {
    return Stream.of(SENTENCE_PIECE, JSON)
        .map(folder::resolve)
        .filter(Files::isRegularFile)
        .toList();
  }

  /// Reads tokenizers of one folder, whatever the name of a single one, and the files beside them.
  ///
  /// @param tokenizers one, or those that [#findIn] finds
  /// @throws IllegalArgumentException if a file is larger than any that is known
  public static TokenizerFiles read(List<Path> tokenizers) throws IOException {
    SequencedMap<String, byte[]> contents = new LinkedHashMap<>();
    SequencedMap<String, String> sources = new LinkedHashMap<>();
    for (Path tokenizer : tokenizers) {
      String name = tokenizer.toString().endsWith(".json") ? JSON : SENTENCE_PIECE;
      contents.put(name, bytes(tokenizer));
      sources.put(name, tokenizer.toString());
    }
    for (String name : tokenizers.isEmpty() ? List.<String>of() : COMPANIONS) {
      Path companion = tokenizers.getFirst().resolveSibling(name);
      if (Files.isRegularFile(companion)) {
        contents.put(name, bytes(companion));
        sources.put(name, companion.toString());
      }
    }
    return new TokenizerFiles(contents, sources);
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IllegalArgumentException(
          "%s: has %d bytes, a tokenizer's file has at most %d; copy or download it again"
              .formatted(file, Files.size(file), MAX_BYTES));
    }
    return Files.readAllBytes(file);
  }

  /// The same files, of which messages say that they are inside another.
  public TokenizerFiles inside(String source) {
    SequencedMap<String, String> inside = new LinkedHashMap<>();
    contents.keySet().forEach(name -> inside.put(name, source));
    return new TokenizerFiles(contents, inside);
  }

  /// The same with one more file.
  public TokenizerFiles with(String name, byte[] content) {
    SequencedMap<String, byte[]> more = new LinkedHashMap<>(contents);
    more.put(name, content);
    return new TokenizerFiles(more, sources);
  }

  /// Content of the `tokenizer.json`, where there is one.
  public Optional<byte[]> json() {
    return Optional.ofNullable(contents.get(JSON));
  }

  /// Content of the `tokenizer.model`, where there is one.
  public Optional<byte[]> sentencePiece() {
    return Optional.ofNullable(contents.get(SENTENCE_PIECE));
  }

  /// What messages call a file.
  public String source(String name) {
    return sources.getOrDefault(name, name);
  }

  /// Writes them into a folder.
  public void writeTo(NewFiles files) throws IOException {
    for (Map.Entry<String, byte[]> file : contents.entrySet()) {
      files.write(file.getKey(), file.getValue());
    }
  }
}
