package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// Learns a byte-pair vocabulary from text, always the same one from the same lines.
///
/// ```text
/// ids   0 <unk>   1 <s>   2 </s>   then <0x00> … <0xFF> if byteFallback, the user-defined symbols,
///       the merges in the order found, and every character of the text, most frequent first
/// ```
///
/// Each step merges the neighbours whose union is most frequent in the text; among equally frequent
/// ones the shortest union, then the first in UTF-16 order. A union that two pairs spell (`a`+`bc`,
/// `ab`+`c`) counts as one. The result does not depend on the order of the lines. The model adds a
/// space in front of a text and keeps extra spaces, as Llama 2's does.
///
/// A newline within a line is an ordinary character; name it in `userDefinedSymbols` to make it a
/// token of its own.
///
/// Source: Sennrich, Haddow and Birch 2016 (arXiv:1508.07909), algorithm 1; options and tie rule as
/// `bpe_model_trainer.cc` of SentencePiece 0.2.2, whose own results differ in details.
///
/// @param vocabSize number of pieces of all kinds, exactly
/// @param byteFallback whether the 256 byte pieces are there, so that any text can be encoded
/// @param splitDigits whether every digit (Unicode Nd) is a token of its own
/// @param crossWhitespace whether a piece may hold spaces elsewhere than in front
/// @param maxPieceLength longest merged piece in characters (code points), 1 or more
/// @param userDefinedSymbols texts that are always one token, such as a newline
public record SentencePieceTrainer(
    int vocabSize,
    boolean byteFallback,
    boolean splitDigits,
    boolean crossWhitespace,
    int maxPieceLength,
    List<String> userDefinedSymbols) {
  private static final TextNormalizer NORMALIZER = new TextNormalizer(true, false, true);

  /// Checks the options.
  ///
  /// @throws IllegalArgumentException if one is impossible
  public SentencePieceTrainer {
    require(vocabSize >= 1, "vocabSize is " + vocabSize + "; choose at least 1");
    require(maxPieceLength >= 1, "maxPieceLength is " + maxPieceLength + "; choose at least 1");
    userDefinedSymbols =
        userDefinedSymbols.stream()
            .map(symbol -> symbol.replace(' ', TextNormalizer.ESCAPED_SPACE))
            .toList();
    Set<String> seen = new HashSet<>();
    metaPieces(byteFallback).forEach(piece -> seen.add(piece.text()));
    for (int i = 0; i < userDefinedSymbols.size(); i++) {
      String symbol = userDefinedSymbols.get(i);
      String name = "userDefinedSymbols[" + i + "]";
      require(!symbol.isEmpty(), name + " is empty; leave it out");
      require(seen.add(symbol), name + " is already in the vocabulary; leave it out");
    }
  }

  /// A trainer with Llama 2's options: byte fallback, single digits, pieces within words, at most
  /// 16 characters, no user-defined symbols.
  public static SentencePieceTrainer ofSize(int vocabSize) {
    return new SentencePieceTrainer(vocabSize, true, true, false, 16, List.of());
  }

  /// The same with these user-defined symbols.
  public SentencePieceTrainer withUserDefinedSymbols(String... symbols) {
    return new SentencePieceTrainer(
        vocabSize, byteFallback, splitDigits, crossWhitespace, maxPieceLength, List.of(symbols));
  }

  /// Learns the vocabulary; {@link SentencePieceTokenizer#toBytes} has the `tokenizer.model`.
  ///
  /// @param lines the text, each line as it would be encoded
  /// @throws IllegalArgumentException if the text has too many characters for `vocabSize`, or gives
  ///   too few pieces
  public SentencePieceTokenizer train(Iterable<String> lines) {
    List<Piece> pieces = metaPieces(byteFallback);
    userDefinedSymbols.forEach(s -> pieces.add(new Piece(s, 0, Piece.Kind.USER_DEFINED)));

    Set<String> taken = new HashSet<>();
    pieces.forEach(piece -> taken.add(piece.text()));
    Map<String, Long> words = countWords(lines);
    List<String> characters = charactersByFrequency(words);

    int numMerges = vocabSize - pieces.size() - characters.size();
    require(
        numMerges >= 0,
        String.format(
            "vocabSize is %d, but %d special pieces and %d characters of the text need a place;"
                + " choose at least %d",
            vocabSize, pieces.size(), characters.size(), vocabSize - numMerges));
    List<String> merges = new MergeLearner(words, maxPieceLength, taken).learn(numMerges);
    require(
        merges.size() == numMerges,
        String.format(
            "vocabSize is %d, but the text gives only %d pieces; choose at most that or add text",
            vocabSize, vocabSize - numMerges + merges.size()));

    List<String> learnt = new ArrayList<>(merges);
    learnt.addAll(characters);
    for (int i = 0; i < learnt.size(); i++) {
      pieces.add(new Piece(learnt.get(i), -i, Piece.Kind.NORMAL));
    }
    return SentencePieceTokenizer.parse(
        SentencePieceWriter.write(pieces, NORMALIZER, this), "trained vocabulary");
  }

  private static List<Piece> metaPieces(boolean byteFallback) {
    List<Piece> pieces = new ArrayList<>();
    pieces.add(new Piece("<unk>", 0, Piece.Kind.UNKNOWN));
    pieces.add(new Piece("<s>", 0, Piece.Kind.CONTROL));
    pieces.add(new Piece("</s>", 0, Piece.Kind.CONTROL));
    for (int value = 0; byteFallback && value < 256; value++) {
      pieces.add(Piece.ofByte(value));
    }
    return pieces;
  }

  /// Spans of text whose ends no merge crosses, with how often each occurs.
  private Map<String, Long> countWords(Iterable<String> lines) {
    Map<String, Long> counts = new TreeMap<>();
    var userDefined = new SymbolMatcher(userDefinedSymbols);
    var word = new StringBuilder();
    for (String line : lines) {
      String text = NORMALIZER.normalize(line, true);
      for (int i = 0; i < text.length(); ) {
        String symbol = userDefined.matchAt(text, i);
        if (symbol != null) {
          endWord(word, counts);
          i += symbol.length();
          continue;
        }
        int codePoint = text.codePointAt(i);
        boolean alone = splitDigits && Character.isDigit(codePoint);
        if (alone || (!crossWhitespace && codePoint == TextNormalizer.ESCAPED_SPACE)) {
          endWord(word, counts);
        }
        word.appendCodePoint(codePoint);
        if (alone) {
          endWord(word, counts);
        }
        i += Character.charCount(codePoint);
      }
      endWord(word, counts);
    }
    return counts;
  }

  private static void endWord(StringBuilder word, Map<String, Long> counts) {
    if (!word.isEmpty()) {
      counts.merge(word.toString(), 1L, Long::sum);
      word.setLength(0);
    }
  }

  private static List<String> charactersByFrequency(Map<String, Long> words) {
    Map<String, Long> counts = new TreeMap<>();
    words.forEach((word, count) ->
        word.codePoints().forEach(c -> counts.merge(Character.toString(c), count, Long::sum)));
    return counts.entrySet().stream()
        .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())) // stable: then by text
        .map(Map.Entry::getKey)
        .toList();
  }

  private static void require(boolean holds, String fact) {
    if (!holds) {
      throw new IllegalArgumentException(fact);
    }
  }
}
