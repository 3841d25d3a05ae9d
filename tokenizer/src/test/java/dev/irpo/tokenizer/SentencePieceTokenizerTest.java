package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.testdata.ForeignData;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SentencePieceTokenizerTest {
  private static SentencePieceTokenizer llama2() throws IOException {
    return SentencePieceTokenizer.load(ForeignData.path("llama2-tokenizer/tokenizer.model"));
  }

  private static SentencePieceTokenizer small() {
    return SentencePieceTrainer.ofSize(300).train(TestCorpus.LINES);
  }

  @Test
  void everyGoldenRowEncodesAndDecodesAsSentencePieceDoes() throws IOException {
    SentencePieceTokenizer tokenizer = llama2();
    var json = new ObjectMapper();
    List<String> rows = Files.readAllLines(GoldenFiles.path("llama2-tokens.jsonl"));
    assertEquals(120, rows.size());
    for (String row : rows) {
      JsonNode golden = json.readTree(row);
      int[] ids = json.convertValue(golden.get("ids"), int[].class);
      assertArrayEquals(ids, tokenizer.encode(golden.get("text").asText()), row);
      assertEquals(golden.get("decoded").asText(), tokenizer.decode(ids), row);
    }
  }

  @Test
  void llama2HasItsKnownIds() throws IOException {
    SentencePieceTokenizer tokenizer = llama2();
    assertEquals(32000, tokenizer.vocabSize());
    assertEquals(
        List.of(0, 1, 2), List.of(tokenizer.unkId(), tokenizer.bosId(), tokenizer.eosId()));
    assertEquals("<0x0A>", tokenizer.piece(13));
    assertEquals("▁t", tokenizer.piece(260));
  }

  @Test
  void stories260kLosesExtraSpacesAsItsModelSays() throws IOException {
    var tokenizer = SentencePieceTokenizer.load(ForeignData.path("stories260K/tok512.model"));
    assertEquals(512, tokenizer.vocabSize());
    assertEquals("Once upon a time", tokenizer.decode(tokenizer.encode("  Once   upon a time ")));
    assertArrayEquals(new int[0], tokenizer.encode("   "));
  }

  @Test
  void anyTextComesBackWhereBytesFallBack() {
    SentencePieceTokenizer tokenizer = small();
    List<String> texts = List.of("", " ", "  a  b ", "Zürich 東京 🙂 \n\t\0", "\u0301", "a\r\nb");
    for (String text : texts) {
      assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
    }
  }

  @Test
  void aCharacterWithoutPieceBecomesItsUtf8Bytes() {
    SentencePieceTokenizer tokenizer = small();
    int[] ids = tokenizer.encode("é");
    List<String> pieces = Arrays.stream(ids).mapToObj(tokenizer::piece).toList();
    assertEquals(List.of("▁", "<0xC3>", "<0xA9>"), pieces);
  }

  @Test
  void halfASurrogatePairIsReadAsTheReplacementCharacter() {
    SentencePieceTokenizer tokenizer = small();
    assertEquals("a\uFFFDb\uFFFD", tokenizer.decode(tokenizer.encode("a\uD83Db\uDE42")));
  }

  @Test
  void aRunWithoutPiecesIsOneUnkWhereBytesDoNotFallBack() {
    var tokenizer =
        new SentencePieceTrainer(40, false, true, false, 8, List.of()).train(TestCorpus.LINES);
    List<String> pieces =
        Arrays.stream(tokenizer.encode("éé1é")).mapToObj(tokenizer::piece).toList();
    assertEquals(List.of("▁", "<unk>", "1", "<unk>"), pieces);
    assertEquals(" \u2047 1 \u2047 ", tokenizer.decode(tokenizer.encode("éé1é")));
  }

  @Test
  void plainTextNeverGivesAControlOrUnknownId() {
    SentencePieceTokenizer tokenizer = small();
    String text = "<s>Tom</s><unk> <0x0A>";
    for (int id : tokenizer.encode(text)) {
      assertTrue(id > tokenizer.eosId(), "id " + id);
    }
    assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
  }

  @Test
  void aControlPieceOfOneLetterIsNotReadFromPlainText() {
    List<Piece> pieces =
        List.of(
            new Piece("<unk>", 0, Piece.Kind.UNKNOWN),
            new Piece("x", 0, Piece.Kind.CONTROL),
            new Piece("y", 0, Piece.Kind.NORMAL));
    var options = new SentencePieceTrainer(3, false, true, false, 16, List.of());
    byte[] model =
        SentencePieceWriter.write(pieces, new TextNormalizer(false, false, true), options);
    var tokenizer = SentencePieceTokenizer.parse(model, "three.model");
    assertArrayEquals(new int[] {2, 0, 2}, tokenizer.encode("yxy"));
    assertArrayEquals(new int[] {2, 1, 2}, tokenizer.encodeWithSpecials("yxy"));
    assertEquals(-1, tokenizer.bosId());
  }

  @Test
  void specialsAreReadWhereAskedAndDecodeToNothing() {
    SentencePieceTokenizer tokenizer = small();
    int[] ids = tokenizer.encodeWithSpecials("<s>Tom</s>has</s>");
    assertEquals(1, ids[0]);
    assertEquals(2, ids[ids.length - 1]);
    assertEquals(2, Arrays.stream(ids).filter(id -> id == tokenizer.eosId()).count());
    assertEquals("Tomhas", tokenizer.decode(ids));
    assertArrayEquals(tokenizer.encode("Tom has"), tokenizer.encodeWithSpecials("Tom has"));
  }

  @Test
  void idsOutOfRangeAreRefusedByNumber() {
    SentencePieceTokenizer tokenizer = small();
    for (int id : new int[] {-1, 300}) {
      var refused = assertThrows(IllegalArgumentException.class, () -> tokenizer.decode(5, id));
      assertEquals(
          "token id "
              + id
              + " is not in 0..299, the vocabulary of trained vocabulary;"
              + " use the tokenizer that made the ids",
          refused.getMessage());
      assertThrows(IllegalArgumentException.class, () -> tokenizer.piece(id));
    }
  }

  @Test
  void aMissingFileIsNamed() {
    var missing =
        assertThrows(
            IOException.class, () -> SentencePieceTokenizer.load(Path.of("no/tokenizer.model")));
    assertEquals(
        Path.of("no/tokenizer.model")
            + ": no such file; name the tokenizer.model of the checkpoint",
        missing.getMessage());
  }

  @Test
  void theLongestUserDefinedSymbolWinsBeforeAnyMerge() {
    var tokenizer =
        SentencePieceTrainer.ofSize(300)
            .withUserDefinedSymbols("\n", "\n\n", "om ha")
            .train(TestCorpus.LINES);
    List<String> pieces =
        Arrays.stream(tokenizer.encode("\n\n\nTom has")).mapToObj(tokenizer::piece).toList();
    assertEquals(List.of("▁", "\n\n", "\n", "T", "om▁ha", "s"), pieces);
  }

  /// The definition, in quadratic time: always the best-scored union of neighbours, leftmost first.
  private static int[] encodeByDefinition(SentencePieceTokenizer tokenizer, String word) {
    List<String> pieces = IntStream.range(0, 300).mapToObj(tokenizer::piece).toList();
    List<String> symbols = new ArrayList<>();
    ("▁" + word).codePoints().forEach(c -> symbols.add(Character.toString(c)));
    while (true) {
      int best = Integer.MAX_VALUE;
      int at = -1;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        int id = pieces.indexOf(symbols.get(i) + symbols.get(i + 1));
        if (id >= 0 && id < best) { // a trained model's ids follow its scores
          best = id;
          at = i;
        }
      }
      if (at < 0) {
        return symbols.stream().mapToInt(pieces::indexOf).toArray();
      }
      symbols.set(at, symbols.get(at) + symbols.remove(at + 1));
    }
  }

  @Test
  void mergingFollowsItsDefinitionOnRandomWords() {
    SentencePieceTokenizer tokenizer = small();
    var random = new SplittableRandom(1);
    for (int i = 0; i < 300; i++) {
      var word = new StringBuilder();
      for (int length = random.nextInt(1, 40); length > 0; length--) {
        word.append("aaehlpst".charAt(random.nextInt(8)));
      }
      assertArrayEquals(
          encodeByDefinition(tokenizer, word.toString()),
          tokenizer.encode(word.toString()),
          word::toString);
    }
  }
}
