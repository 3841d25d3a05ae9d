package dev.irpo.tokenizer;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which two neighbouring symbols make a piece, and how early.
///
/// A symbol is the id of a normal piece, or `~codePoint` (negative) for a character that is not
/// one. Every way of cutting a piece into two symbols has an entry, so one look-up of two numbers
/// replaces the joining and hashing of strings.
final class MergeTable {
  /// No symbol: what `merged` returns for symbols that do not join.
  static final int NONE = Integer.MIN_VALUE;

  private final long[] keys;
  private final int[] results;
  private final int[] rankOfPiece;

  MergeTable(List<Piece> pieces) {
    Map<String, Integer> normal = new HashMap<>();
    int numSplits = 0;
    for (int id = 0; id < pieces.size(); id++) {
      Piece piece = pieces.get(id);
      if (piece.kind() == Piece.Kind.NORMAL) {
        normal.put(piece.text(), id);
        numSplits += piece.text().length();
      }
    }
    // at most half full, a power of two
    int capacity = Math.max(4, Integer.highestOneBit(Math.max(1, numSplits)) * 4);
    keys = new long[capacity];
    results = new int[capacity];
    Arrays.fill(results, NONE);
    normal.forEach((text, id) -> addSplits(text, id, normal));
    rankOfPiece = ranks(pieces);
  }

  private void addSplits(String text, int id, Map<String, Integer> normal) {
    for (int at = text.offsetByCodePoints(0, 1); at < text.length(); ) {
      int left = symbol(text.substring(0, at), normal);
      int right = symbol(text.substring(at), normal);
      if (left != NONE && right != NONE) {
        int slot = slot(left, right);
        keys[slot] = key(left, right);
        results[slot] = id;
      }
      at = text.offsetByCodePoints(at, 1);
    }
  }

  private static int symbol(String text, Map<String, Integer> normal) {
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

  /// The piece that two neighbours make, or {@link #NONE}.
  int merged(int left, int right) {
    return results[slot(left, right)];
  }

  /// Place of a piece in the order of merging, 0 first.
  int rank(int id) {
    return rankOfPiece[id];
  }

  private int slot(int left, int right) {
    long key = key(left, right);
    long mixed = key * 0x9E3779B97F4A7C15L;
    int mask = keys.length - 1;
    int slot = (int) (mixed >>> 32) & mask;
    while (results[slot] != NONE && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private static long key(int left, int right) {
    return (long) left << 32 | (right & 0xFFFFFFFFL);
  }
}
