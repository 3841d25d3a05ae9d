package dev.irpo.tokenizer;

import java.io.IOException;
import java.nio.file.Path;

/// Text to token ids and back, whichever file the vocabulary came in.
///
/// Immutable, safe for use by many threads. Encoding n characters takes O(n log n) time. Halves of
/// surrogate pairs are read as U+FFFD.
public sealed interface Tokenizer permits SentencePieceTokenizer, JsonTokenizer {
  /// Reads a `tokenizer.json`, or any other file as a SentencePiece model.
  ///
  /// @throws IOException if the file cannot be read
  /// @throws IllegalArgumentException in one line, if it is damaged or not supported
  static Tokenizer load(Path file) throws IOException {
    return file.toString().endsWith(".json")
        ? JsonTokenizer.load(file)
        : SentencePieceTokenizer.load(file);
  }

  /// Number of tokens; ids run from 0 to one less.
  int vocabSize();

  /// A token as its file spells it.
  ///
  /// @throws IllegalArgumentException if there is no such id
  String piece(int id);

  /// Id that a sequence begins with, or -1 for none.
  ///
  /// @param configured `bos_token_id` of `config.json`, which counts where the tokenizer's file
  ///   does not say
  int bosId(int configured);

  /// Whether encoding puts a space in front of a text, which decoding drops.
  boolean addsLeadingSpace();

  /// Ids of plain text: no BOS or EOS is added, and no special token is ever read from the text.
  int[] encode(String text);

  /// Like {@link #encode}, but text that spells a special token, such as `</s>`, becomes its id.
  int[] encodeWithSpecials(String text);

  /// A decoder that takes one id at a time, at the start of a text.
  StreamingDecoder streamingDecoder();

  /// Text of ids: special tokens give nothing, bytes that are part of no character give U+FFFD.
  ///
  /// @throws IllegalArgumentException if there is no such id
  default String decode(int... tokenIds) {
    var text = new StringBuilder();
    var decoder = streamingDecoder();
    for (int id : tokenIds) {
      text.append(decoder.append(id));
    }
    return text.append(decoder.finish()).toString();
  }
}
