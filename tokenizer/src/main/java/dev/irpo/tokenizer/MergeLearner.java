package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/// Finds the most frequent unions of neighbouring symbols, one after another.
///
/// All distinct words are in one linked list, end to end, with their counts as weights. A union
/// knows how often it occurs and where its left parts are (stale places are recognised when it is
/// merged), so the cost of a merge is that of its occurrences, not that of the text.
final class MergeLearner {

  /// A character or a union of neighbours, seen or merged.
  private static final class Symbol {
    final int id;
    final String text;
    final int numCodePoints;
    long count;
    int[] places = new int[4];
    int numPlaces;
    boolean isPiece;

    Symbol(int id, String text, int numCodePoints) {
      this.id = id;
      this.text = text;
      this.numCodePoints = numCodePoints;
    }

    void addPlace(int place) {
      if (numPlaces == places.length) {
        places = Arrays.copyOf(places, 2 * numPlaces);
      }
      places[numPlaces++] = place;
    }
  }

  /// What a union counted when it was queued.
  private record Candidate(long count, Symbol union) {
    static final Comparator<Candidate> MOST_FREQUENT_FIRST =
        Comparator.comparingLong((Candidate c) -> -c.count)
            .thenComparingInt(c -> c.union.numCodePoints)
            .thenComparing(c -> c.union.text);
  }

  private final int maxPieceLength;
  private final Set<String> taken;
  private final Map<String, Symbol> symbols = new HashMap<>();
  private final Map<Long, Symbol> unions = new HashMap<>();
  private final PriorityQueue<Candidate> queue = new PriorityQueue<>(Candidate.MOST_FREQUENT_FIRST);
  private final Set<Symbol> changed = new LinkedHashSet<>();

  private final Symbol[] symbolAt;
  private final int[] next;
  private final int[] previous;
  private final long[] weight;

  /// @param words distinct spans of text with their counts
  /// @param maxPieceLength in code points
  /// @param taken texts that must not be learnt
  MergeLearner(Map<String, Long> words, int maxPieceLength, Set<String> taken) {
    this.maxPieceLength = maxPieceLength;
    this.taken = taken;
    int numPlaces = words.keySet().stream().mapToInt(w -> w.codePointCount(0, w.length())).sum();
    symbolAt = new Symbol[numPlaces];
    next = new int[numPlaces];
    previous = new int[numPlaces];
    weight = new long[numPlaces];
    int place = 0;
    for (Map.Entry<String, Long> word : words.entrySet()) {
      int start = place;
      for (int codePoint : word.getKey().codePoints().toArray()) {
        symbolAt[place] = symbol(Character.toString(codePoint));
        weight[place] = word.getValue();
        previous[place] = place == start ? -1 : place - 1;
        next[place] = place + 1;
        place++;
      }
      next[place - 1] = -1;
    }
  }

  /// Up to `wanted` unions in the order of merging; fewer if the text has no more.
  List<String> learn(int wanted) {
    for (int place = 0; place < symbolAt.length; place++) {
      countUnion(place);
    }
    queueChanged();
    List<String> learnt = new ArrayList<>();
    while (learnt.size() < wanted && !queue.isEmpty()) {
      Candidate candidate = queue.poll();
      Symbol union = candidate.union;
      if (candidate.count > union.count) {
        changed.add(union); // it lost occurrences since it was queued
      } else if (union.count > 0) {
        if (!union.isPiece) {
          union.isPiece = true;
          learnt.add(union.text);
        }
        merge(union);
      }
      queueChanged();
    }
    return learnt;
  }

  private void merge(Symbol union) {
    int[] places = Arrays.copyOf(union.places, union.numPlaces);
    union.numPlaces = 0;
    for (int place : places) {
      if (unionAt(place) == union) {
        join(place, union);
      }
    }
  }

  private void join(int place, Symbol union) {
    int right = next[place];
    uncountUnion(previous[place]);
    uncountUnion(place);
    uncountUnion(right);
    symbolAt[place] = union;
    symbolAt[right] = null;
    next[place] = next[right];
    if (next[right] >= 0) {
      previous[next[right]] = place;
    }
    countUnion(previous[place]);
    countUnion(place);
  }

  private void countUnion(int place) {
    Symbol union = unionAt(place);
    if (union != null) {
      union.count += weight[place];
      union.addPlace(place);
      changed.add(union);
    }
  }

  private void uncountUnion(int place) {
    Symbol union = unionAt(place);
    if (union != null) {
      union.count -= weight[place];
    }
  }

  private void queueChanged() {
    for (Symbol union : changed) {
      if (union.count > 0) {
        queue.add(new Candidate(union.count, union));
      }
    }
    changed.clear();
  }

  /// What the symbol at a place makes with its right neighbour; null if that cannot be a piece.
  private Symbol unionAt(int place) {
    if (place < 0 || symbolAt[place] == null || next[place] < 0) {
      return null;
    }
    Symbol left = symbolAt[place];
    Symbol right = symbolAt[next[place]];
    if (left.numCodePoints + right.numCodePoints > maxPieceLength) {
      return null;
    }
    Symbol union =
        unions.computeIfAbsent(
            (long) left.id << 32 | right.id, _ -> symbol(left.text + right.text));
    return taken.contains(union.text) ? null : union;
  }

  private Symbol symbol(String text) {
    return symbols.computeIfAbsent(
        text, _ -> new Symbol(symbols.size(), text, text.codePointCount(0, text.length())));
  }
}
