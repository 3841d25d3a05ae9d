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

  /// Ids of a text, or of a part of one; no BOS or EOS is added.
  ///
  /// @param startsText whether it is the start of a text, before which a space may be put; nothing
  ///   is put before text that follows other text
  /// @param readsSpecials whether text that spells a special token, such as `</s>`, becomes its id
  int[] encode(String text, boolean startsText, boolean readsSpecials);

  /// Ids of plain text: no BOS or EOS is added, and no special token is ever read from the text.
  default int[] encode(String text) {
    return encode(text, true, false);
  }

  /// Like {@link #encode(String)}, but text that spells a special token, such as `</s>`, becomes
  /// its id.
  default int[] encodeWithSpecials(String text) {
    return encode(text, true, true);
  }

  /// Ids of plain text that follows other text: like {@link #encode(String)}, but nothing is put
  /// before it.
  default int[] encodeRest(String text) {
    return encode(text, false, false);
  }

  /// Like {@link #encodeRest}, but text that spells a special token becomes its id.
  default int[] encodeRestWithSpecials(String text) {
    return encode(text, false, true);
  }

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
