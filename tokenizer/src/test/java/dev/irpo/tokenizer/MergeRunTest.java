package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class MergeRunTest {
  private static final int MEGABYTE = 1 << 20;

  /// a, aa, aaaa, … and b, ab, ba: every neighbour pair can merge, again and again.
  private static List<Piece> greedyPieces() {
    List<String> texts = new ArrayList<>(List.of("a", "b"));
    for (int length = 2; length <= 64; length *= 2) {
      texts.add("a".repeat(length));
    }
    texts.addAll(List.of("ab", "ba", "abba"));
    List<Piece> pieces = new ArrayList<>();
    for (String text : texts) {
      pieces.add(new Piece(text, -pieces.size(), Piece.Kind.NORMAL));
    }
    return pieces;
  }

  private static int[] run(int[] symbols) {
    var run = new MergeRun(PieceMerges.table(greedyPieces()), symbols, symbols.length);
    int[] merged = run.merge();
    assertTrue(run.numQueued() < 3L * symbols.length, "queued " + run.numQueued());
    return merged;
  }

  @Test
  void aMegabyteOfOneLetterMergesWithLinearlyManyQueueEntries() {
    int[] merged = run(new int[MEGABYTE]);
    int[] longest = new int[MEGABYTE / 64];
    Arrays.fill(longest, 7);
    assertTrue(Arrays.equals(longest, merged));
  }

  @Test
  void aMegabyteWithoutASpaceKeepsEveryLetterInOrder() {
    var random = new SplittableRandom(2);
    int[] symbols = random.ints(MEGABYTE, 0, 2).toArray();
    var before = new StringBuilder();
    Arrays.stream(symbols).forEach(symbol -> before.append(symbol == 0 ? 'a' : 'b'));
    var after = new StringBuilder();
    List<Piece> pieces = greedyPieces();
    Arrays.stream(run(symbols)).forEach(id -> after.append(pieces.get(id).text()));
    assertTrue(before.compareTo(after) == 0);
  }

  @Test
  void textOfAMegabyteWithoutASpaceComesBack() {
    var tokenizer = SentencePieceTrainer.ofSize(300).train(TestCorpus.LINES);
    String text = "applesandpears🙂".repeat(MEGABYTE / 16);
    int[] ids = tokenizer.encode(text);
    assertTrue(ids.length < text.length(), "ids " + ids.length);
    assertTrue(text.equals(tokenizer.decode(ids)));
  }

  @Test
  void equalScoresMergeTheLeftmostFirst() {
    List<Piece> pieces =
        List.of(
            new Piece("x", 0, Piece.Kind.NORMAL),
            new Piece("xy", -1, Piece.Kind.NORMAL),
            new Piece("xx", -1, Piece.Kind.NORMAL));
    int[] merged = new MergeRun(PieceMerges.table(pieces), new int[] {0, 0, ~'y'}, 3).merge();
    assertEquals(List.of(2, ~(int) 'y'), Arrays.stream(merged).boxed().toList());
  }
}
