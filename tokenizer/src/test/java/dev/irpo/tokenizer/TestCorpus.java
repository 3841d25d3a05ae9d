package dev.irpo.tokenizer;

import java.util.List;

final class TestCorpus {
  /// 24 distinct characters with the space: room for merges in a vocabulary of 300.
  static final List<String> LINES =
      List.of(
          "Tom has 12 apples and pears",
          "Tom eats 3 apples at the shop",
          "the shop sells 15 pears and apples to Tom",
          "how much has Tom left at last");

  private TestCorpus() {}
}
