package dev.irpo.tokenizer;

import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The parts of a `tokenizer.json`: byte-level BPE as it is, the SentencePiece kind with scores
/// that order its merges.
///
/// ```text
/// score of a piece = − number of pieces that are merged before it; equal where merges take turns
/// ```
///
/// Scores join any two pieces whose union is one, so the merges must be all cuts of their pieces,
/// as converters from SentencePiece write them. Those of a few pieces may take turns, as Llama 2's
/// runs of spaces do, which have one score.
record JsonTokenizerParts(JsonTokenizerFile file) {
  /// Llama 2 has 15.
  private static final int MAX_MIXED = 64;

  /// @throws IllegalArgumentException with a fact
  TokenizerParts parts() {
    return file.decoding() instanceof TokenDecoding.Bytes ? byteLevel() : sentencePiece();
  }

  private ByteLevelParts byteLevel() {
    ByteLevelParts.Layout layout =
        Arrays.stream(ByteLevelParts.Layout.values())
            .filter(candidate -> candidate.ignoresMerges() == file.model().ignoresMerges())
            .filter(candidate -> candidate.steps().equals(file.preTokenizers()))
            .findFirst()
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "its pre_tokenizer is none of those of GPT-2, SmolLM, Llama 3 and Qwen 2"));
    require(
        file.rewrites().equals(layout.rewrites()),
        "it has a normalizer, or lacks one, that does not go with its pre_tokenizer");
    List<String> merges =
        file.model().merges().inOrder().stream()
            .map(merge -> file.tokens()[merge.left()] + " " + file.tokens()[merge.right()])
            .toList();
    return new ByteLevelParts(
        texts(), kinds(), merges, layout, only(file.before()), only(file.after()));
  }

  private SentencePieceParts sentencePiece() {
    String space = String.valueOf(TextNormalizer.ESCAPED_SPACE);
    boolean addsSpace = false;
    for (Rewrite rewrite : file.rewrites()) {
      addsSpace |= rewrite.equals(new Rewrite.Prepend(space));
      require(
          rewrite.equals(new Rewrite.Prepend(space))
              || rewrite.equals(new Rewrite.Replace(" ", space)),
          "its normalizer does more than to spell spaces as ▁");
    }
    for (PreTokenizer step : file.preTokenizers()) {
      boolean isPlain =
          step instanceof PreTokenizer.Metaspace meta
              && meta.space() == TextNormalizer.ESCAPED_SPACE
              && !meta.cuts();
      require(isPlain, "its pre_tokenizer does more than to spell spaces as ▁");
      addsSpace |= ((PreTokenizer.Metaspace) step).prefix() != PreTokenizer.Metaspace.Prefix.NEVER;
    }
    require(
        !file.rewrites().isEmpty() || !file.preTokenizers().isEmpty(),
        "it does not spell spaces as ▁");
    require(!file.model().ignoresMerges(), "its ignore_merges is true");
    return new SentencePieceParts(texts(), scores(), kinds(), -1, -1, addsSpace, false);
  }

  private static int only(int... around) {
    require(around.length <= 1, "it puts %d tokens at one end of a text".formatted(around.length));
    return around.length == 0 ? -1 : around[0];
  }

  private List<String> texts() {
    return List.of(file.tokens());
  }

  private int[] kinds() {
    int[] kinds = new int[file.tokens().length];
    Arrays.fill(kinds, TokenizerParts.NORMAL);
    for (int id : file.model().idOfByte()) {
      kinds[id] = TokenizerParts.BYTE;
    }
    file.added()
        .forEach(token ->
            kinds[token.id()] =
                token.special() ? TokenizerParts.CONTROL : TokenizerParts.USER_DEFINED);
    if (file.model().unkId() >= 0) {
      kinds[file.model().unkId()] = TokenizerParts.UNKNOWN;
    }
    return kinds;
  }

  private float[] scores() {
    List<MergeTable.Merge> merges = file.model().merges().inOrder();
    int[] last = new int[file.tokens().length];
    Arrays.fill(last, -1);
    for (int rank = 0; rank < merges.size(); rank++) {
      last[merges.get(rank).result()] = rank;
    }
    float[] scores = new float[last.length];
    Set<Integer> mixed = new LinkedHashSet<>();
    int score = 0;
    int end = 0;
    for (int rank = 0; rank < merges.size(); rank++) {
      int piece = merges.get(rank).result();
      if (rank > end) {
        score -= mixed.size();
        mixed.clear();
      }
      mixed.add(piece);
      require(
          mixed.size() <= MAX_MIXED,
          "its merges make more than %d pieces in turns".formatted(MAX_MIXED));
      scores[piece] = score;
      end = Math.max(end, last[piece]);
    }
    for (int id = 0; id < scores.length; id++) {
      scores[id] = last[id] < 0 ? score - mixed.size() : scores[id];
      requireEveryCut(id);
    }
    return scores;
  }

  private void requireEveryCut(int id) {
    String text = file.tokens()[id];
    if (!Integer.valueOf(id).equals(file.model().ids().get(text))
        || JsonTokenizer.byteValue(text) >= 0) {
      return;
    }
    for (int at = text.offsetByCodePoints(0, 1); at < text.length(); ) {
      Integer left = file.model().ids().get(text.substring(0, at));
      Integer right = file.model().ids().get(text.substring(at));
      require(
          left == null
              || right == null
              || file.model().merges().find(left, right) != MergeTable.NONE,
          "'%s' + '%s' is no merge".formatted(text.substring(0, at), text.substring(at)));
      at = text.offsetByCodePoints(at, 1);
    }
  }

  private static void require(boolean holds, String fact) {
    if (!holds) {
      throw new IllegalArgumentException(fact);
    }
  }
}
