package dev.irpo.tokenizer;

import java.util.Optional;
import java.util.OptionalInt;

/// Text to token ids and back, whichever file the vocabulary came in. What stands around a text,
/// BOS and EOS, is {@link TokenizerFolder}'s.
///
/// Immutable, safe for use by many threads. Encoding n characters takes O(n log n) time. Halves of
/// surrogate pairs are read as U+FFFD.
public sealed interface Tokenizer permits SentencePieceTokenizer, JsonTokenizer, ExtendedTokenizer {
  /// Number of tokens; ids run from 0 to one less.
  int vocabSize();

  /// Number of tokens without those that were added after training, which have the last ids.
  int trainedSize();

  /// A token as its file spells it.
  ///
  /// @throws IllegalArgumentException if there is no such id
  String piece(int id);

  /// The token that its file spells so.
  OptionalInt find(String piece);

  /// Ids of plain text: no BOS or EOS is added, and no special token is ever read from the text.
  int[] encode(String text);

  /// Like {@link #encode}, but text that spells a special token, such as `</s>`, becomes its id.
  int[] encodeWithSpecials(String text);

  /// Ids of plain text that follows other text: like {@link #encode}, but nothing is put before it.
  int[] encodeRest(String text);

  /// Like {@link #encodeRest}, but text that spells a special token becomes its id.
  int[] encodeRestWithSpecials(String text);

  /// The first special token that a text spells, as {@link #encodeWithSpecials} would read it.
  Optional<String> specialIn(String text);

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
