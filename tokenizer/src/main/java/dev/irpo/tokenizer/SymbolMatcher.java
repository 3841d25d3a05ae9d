package dev.irpo.tokenizer;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Finds the longest of a fixed set of strings at a place in a text: a trie, so that a look-up
/// costs the length of what matches, however many strings there are.
final class SymbolMatcher {
  private static final int ROOT = 0;

  private final Map<Long, Integer> children = new HashMap<>();
  private final Map<Integer, String> symbolAtNode = new HashMap<>();
  private int numNodes = 1;

  SymbolMatcher(List<String> symbols) {
    for (String symbol : symbols) {
      int node = ROOT;
      for (int i = 0; i < symbol.length(); i++) {
        node = children.computeIfAbsent(edge(node, symbol.charAt(i)), _ -> numNodes++);
      }
      symbolAtNode.put(node, symbol);
    }
  }

  /// The longest symbol that starts at `offset`, or null.
  String matchAt(String text, int offset) {
    String longest = null;
    Integer node = ROOT;
    for (int i = offset; i < text.length() && !children.isEmpty(); i++) {
      node = children.get(edge(node, text.charAt(i)));
      if (node == null) {
        break;
      }
      longest = symbolAtNode.getOrDefault(node, longest);
    }
    return longest;
  }

  private static long edge(int node, char next) {
    return (long) node << 16 | next;
  }
}
