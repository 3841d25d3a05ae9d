package dev.irpo.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The merges that a SentencePiece vocabulary implies: every way of cutting a normal piece into two
/// symbols, ranked by the score of the piece.
///
/// A symbol is the id of a normal piece, or `~codePoint` (negative) for a character that is not
/// one.
final class PieceMerges {
  private static final int NONE = Integer.MIN_VALUE;

  private final Map<String, Integer> normal = new HashMap<>();
  private final MergeTable table;

  private PieceMerges(List<Piece> pieces) {
    int numSplits = 0;
    for (int id = 0; id < pieces.size(); id++) {
      Piece piece = pieces.get(id);
      if (piece.kind() == Piece.Kind.NORMAL) {
        normal.put(piece.text(), id);
        numSplits += piece.text().length();
      }
    }
    table = new MergeTable(numSplits);
    int[] ranks = ranks(pieces);
    normal.forEach((text, id) -> addSplits(text, id, ranks[id]));
  }

  static MergeTable table(List<Piece> pieces) {
    return new PieceMerges(pieces).table;
  }

  private void addSplits(String text, int id, int rank) {
    for (int at = text.offsetByCodePoints(0, 1); at < text.length(); ) {
      int left = symbol(text.substring(0, at));
      int right = symbol(text.substring(at));
      if (left != NONE && right != NONE) {
        table.put(left, right, id, rank);
      }
      at = text.offsetByCodePoints(at, 1);
    }
  }

  private int symbol(String text) {
    Integer id = normal.get(text);
    if (id != null) {
      return id;
    }
    int codePoint = text.codePointAt(0);
    return text.length() == Character.charCount(codePoint) ? ~codePoint : NONE;
  }

  /// Places in the order of merging: 0 for the highest score, equal scores equal.
  private static int[] ranks(List<Piece> pieces) {
    Integer[] ids = new Integer[pieces.size()];
    Arrays.setAll(ids, id -> id);
    Arrays.sort(ids, (a, b) -> Float.compare(pieces.get(b).score(), pieces.get(a).score()));
    int[] ranks = new int[ids.length];
    for (int i = 1; i < ids.length; i++) {
      boolean same = pieces.get(ids[i]).score() == pieces.get(ids[i - 1]).score();
      ranks[ids[i]] = ranks[ids[i - 1]] + (same ? 0 : 1);
    }
    return ranks;
  }
}
