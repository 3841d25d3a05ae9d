package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SentencePieceTrainerTest {
  private static final SentencePieceTrainer WORDS = SentencePieceTrainer.ofSize(300);

  private static List<String> learntPieces(SentencePieceTokenizer tokenizer) {
    return IntStream.range(259, tokenizer.vocabSize()).mapToObj(tokenizer::piece).toList();
  }

  @Test
  void theSameLinesGiveTheSameBytesInAnyOrder() {
    byte[] model = WORDS.train(TestCorpus.LINES).toBytes();
    assertArrayEquals(model, WORDS.train(TestCorpus.LINES).toBytes());
    List<String> reversed = new ArrayList<>(TestCorpus.LINES);
    Collections.reverse(reversed);
    assertArrayEquals(model, WORDS.train(reversed).toBytes());
  }

  @Test
  void theModelFileLoadsAndEncodesAlike() {
    SentencePieceTokenizer trained = WORDS.train(TestCorpus.LINES);
    var loaded = SentencePieceTokenizer.parse(trained.toBytes(), "small.model");
    assertEquals(300, loaded.vocabSize());
    assertEquals(List.of(0, 1, 2), List.of(loaded.unkId(), loaded.bosId(), loaded.eosId()));
    for (String line : TestCorpus.LINES) {
      assertArrayEquals(trained.encode(line), loaded.encode(line));
      assertEquals(line, loaded.decode(loaded.encode(line)));
    }
  }

  @Test
  void mergesComeByFrequencyThenLengthThenText() {
    // ▁a 6 (ab 4, bc 2); then ▁a+b 4; xy and xz 3; then ▁ab+c 2
    Map<String, Long> words = Map.of("▁ab", 2L, "▁abc", 2L, "▁a", 2L, "xy", 3L, "xz", 3L);
    assertEquals(
        List.of("▁a", "▁ab", "xy", "xz", "▁abc"), new MergeLearner(words, 16, Set.of()).learn(9));
  }

  @Test
  void runsOfOneLetterMergeFromTheLeft() {
    Map<String, Long> words = Map.of("aaaaa", 1L);
    assertEquals(List.of("aa", "aaa", "aaaaa"), new MergeLearner(words, 16, Set.of()).learn(9));
  }

  @Test
  void everyDigitIsATokenOfItsOwnWhereDigitsAreSplit() {
    List<String> years = Collections.nCopies(50, "in 2024 and 2024");
    var split = new SentencePieceTrainer(272, true, true, false, 16, List.of()).train(years);
    List<String> pieces = Arrays.stream(split.encode("2024")).mapToObj(split::piece).toList();
    assertEquals(List.of("▁", "2", "0", "2", "4"), pieces);
    var whole = new SentencePieceTrainer(275, true, false, false, 16, List.of()).train(years);
    assertEquals(1, whole.encode("2024").length);
  }

  @Test
  void piecesStayWithinWordsUnlessToldOtherwise() {
    List<String> lines = Collections.nCopies(20, "one two three four");
    for (String piece : learntPieces(SentencePieceTrainer.ofSize(280).train(lines))) {
      assertTrue(piece.lastIndexOf('▁') <= 0, piece);
    }
    var crossing = new SentencePieceTrainer(280, true, true, true, 16, List.of()).train(lines);
    assertTrue(learntPieces(crossing).stream().anyMatch(p -> p.lastIndexOf('▁') > 0));
  }

  @Test
  void noPieceIsLongerThanAsked() {
    var trained = new SentencePieceTrainer(290, true, true, false, 3, List.of());
    for (String piece : learntPieces(trained.train(TestCorpus.LINES))) {
      assertTrue(piece.length() <= 3, piece);
    }
  }

  @Test
  void aUserDefinedNewlineIsOneTokenAndPartOfNoOther() {
    var tokenizer =
        WORDS
            .withUserDefinedSymbols("\n")
            .train(List.of("a\nb\nab\n", "Tom has ten apples and pears left\n"));
    assertEquals("\n", tokenizer.piece(259));
    assertEquals(259, tokenizer.encode("Tom\nhas")[tokenizer.encode("Tom").length]);
    for (int id = 260; id < tokenizer.vocabSize(); id++) {
      assertEquals(-1, tokenizer.piece(id).indexOf('\n'));
    }
  }

  @Test
  void markupInTheTextDoesNotCollideWithTheSpecialPieces() {
    List<String> lines = Collections.nCopies(9, "<s>x</s> <unk> <0x0A>");
    var tokenizer = SentencePieceTrainer.ofSize(282).train(lines);
    assertEquals("<s>x</s>", tokenizer.decode(tokenizer.encode("<s>x</s>")));
  }

  @Test
  void aVocabularyThatCannotBeFilledIsRefusedWithTheSizesThatCan() {
    var tooSmall =
        assertThrows(
            IllegalArgumentException.class,
            () -> SentencePieceTrainer.ofSize(260).train(List.of("abcd")));
    assertEquals(
        "vocabSize is 260, but 259 special pieces and 5 characters of the text need a place;"
            + " choose at least 264",
        tooSmall.getMessage());
    var tooLarge =
        assertThrows(
            IllegalArgumentException.class,
            () -> SentencePieceTrainer.ofSize(400).train(List.of("abcd")));
    assertEquals(
        "vocabSize is 400, but the text gives only 268 pieces; choose at most that or add text",
        tooLarge.getMessage());
  }

  @Test
  void impossibleOptionsAreRefusedByName() {
    for (String symbol : List.of("", "<s>", "<0x41>")) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> WORDS.withUserDefinedSymbols("x", symbol));
      assertTrue(refused.getMessage().startsWith("userDefinedSymbols[1] is "), refused::getMessage);
    }
    assertThrows(IllegalArgumentException.class, () -> SentencePieceTrainer.ofSize(0));
  }
}
