package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Finds the longest of a fixed set of strings at a place in a text.
final class SymbolMatcher {
  private final Map<Character, List<String>> longestFirst = new HashMap<>();

  SymbolMatcher(List<String> symbols) {
    for (String symbol : symbols) {
      longestFirst.computeIfAbsent(symbol.charAt(0), _ -> new ArrayList<>()).add(symbol);
    }
    longestFirst
        .values()
        .forEach(list -> list.sort(Comparator.comparingInt(String::length).reversed()));
  }

  /// The longest symbol that starts at `offset`, or null.
  String matchAt(String text, int offset) {
    for (String symbol : longestFirst.getOrDefault(text.charAt(offset), List.of())) {
      if (text.startsWith(symbol, offset)) {
        return symbol;
      }
    }
    return null;
  }
}
