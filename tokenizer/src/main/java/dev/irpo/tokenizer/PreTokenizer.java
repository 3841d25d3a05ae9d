package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.List;

/// A pre-tokenizer of a `tokenizer.json`: cuts text into pieces that no merge crosses.
sealed interface PreTokenizer {
  /// @param startsText whether the piece begins the whole text
  List<String> split(String piece, boolean startsText);

  /// The same for the first piece of text that follows other text, before which nothing is put.
  default List<String> splitRest(String piece) {
    return split(piece, false);
  }

  /// Cuts at the matches of a regular expression, which stay pieces.
  record Split(SplitPattern pattern) implements PreTokenizer {
    @Override
    public List<String> split(String piece, boolean startsText) {
      return pattern.isolate(piece);
    }
  }

  /// Puts a space in front of a piece that has none.
  record SpaceInFront() implements PreTokenizer {
    @Override
    public List<String> split(String piece, boolean startsText) {
      return List.of(piece.startsWith(" ") ? piece : " " + piece);
    }

    @Override
    public List<String> splitRest(String piece) {
      return List.of(piece);
    }
  }

  /// Spells the bytes of a piece in {@link ByteAlphabet}.
  record SpellBytes() implements PreTokenizer {
    @Override
    public List<String> split(String piece, boolean startsText) {
      return List.of(ByteAlphabet.spell(piece));
    }
  }

  /// Spells spaces as SentencePiece does, perhaps with one in front, perhaps cutting before each.
  record Metaspace(char space, Prefix prefix, boolean cuts) implements PreTokenizer {
    enum Prefix {
      ALWAYS,
      FIRST,
      NEVER
    }

    @Override
    public List<String> split(String piece, boolean startsText) {
      String text = piece.replace(' ', space);
      boolean prefixed = prefix == Prefix.ALWAYS || (prefix == Prefix.FIRST && startsText);
      return cut(prefixed && text.charAt(0) != space ? space + text : text);
    }

    @Override
    public List<String> splitRest(String piece) {
      return cut(piece.replace(' ', space));
    }

    private List<String> cut(String text) {
      if (!cuts) {
        return List.of(text);
      }
      List<String> pieces = new ArrayList<>();
      int start = 0;
      for (int at = text.indexOf(space, 1); at >= 0; at = text.indexOf(space, at + 1)) {
        pieces.add(text.substring(start, at));
        start = at;
      }
      pieces.add(text.substring(start));
      return pieces;
    }
  }
}
