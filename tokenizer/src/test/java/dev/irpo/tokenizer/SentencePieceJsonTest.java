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
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SentencePieceJsonTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  /// Not `<0x41>` alone, which is that byte between user-defined symbols.
  private static final String[] PARTS =
      (" ¦  ¦\n¦\t¦▁¦a¦e¦the¦ Tom¦apples¦12¦3.5¦é¦東¦😀¦\0¦<0x41>.¦[INST]¦<|end|>¦---------"
              + "¦xxxxxxxxx")
          .split("¦");

  private static String text(SplittableRandom random, SentencePieceTokenizer tokenizer) {
    var text = new StringBuilder();
    int parts = random.nextInt(12);
    for (int i = 0; i < parts; i++) {
      String piece = tokenizer.piece(random.nextInt(tokenizer.vocabSize())).replace('▁', ' ');
      boolean isSpecial = piece.startsWith("<");
      text.append(random.nextBoolean() || isSpecial ? PARTS[random.nextInt(PARTS.length)] : piece);
    }
    return text.toString();
  }

  private static void assertSameIds(SentencePieceTokenizer model, int texts) {
    JsonTokenizer json = JsonTokenizer.parse(model.toJson(1, -1), "made");
    assertEquals(model.vocabSize(), json.vocabSize());
    var random = new SplittableRandom(11);
    for (int i = 0; i < texts; i++) {
      String text = text(random, model);
      int[] ids = model.encode(text);
      assertArrayEquals(ids, json.encode(text), text);
      assertEquals(model.decode(ids), json.decode(ids), text);
    }
  }

  @Test
  void aModelWhoseSpacesAreAllKeptIsWrittenSo() throws IOException {
    for (String name : List.of("stories260K/tok512.model", "llama2-tokenizer/tokenizer.model")) {
      SentencePieceTokenizer stated = SentencePieceTokenizer.load(ForeignData.path(name));
      for (boolean addsPrefix : new boolean[] {true, false}) {
        for (boolean afterSpecials : new boolean[] {true, false}) {
          SentencePieceTokenizer kept =
              SentencePieceTokenizer.parse(
                  stated.toBytes(),
                  name,
                  said -> SpaceRules.keepingAll(said, addsPrefix, afterSpecials));
          assertSameIds(kept, 60);
          JsonTokenizer json = JsonTokenizer.parse(kept.toJson(1, -1), "made");
          String text = "a </s>b  c";
          assertArrayEquals(kept.encodeWithSpecials(text), json.encodeWithSpecials(text), name);
        }
      }
    }
  }

  /// Pieces for bytes and single characters, then the given ones in the order of merging.
  private static SentencePieceTokenizer of(boolean addsSpace, boolean dropsSpaces, Piece... more) {
    List<Piece> pieces = new ArrayList<>();
    pieces.add(new Piece("<unk>", 0, Piece.Kind.UNKNOWN));
    pieces.add(new Piece("<s>", 0, Piece.Kind.CONTROL));
    pieces.add(new Piece("</s>", 0, Piece.Kind.CONTROL));
    for (int value = 0; value < 256; value++) {
      pieces.add(Piece.ofByte(value));
    }
    for (int i = 0; i < more.length; i++) {
      pieces.add(more[i]);
    }
    for (char c : "▁abcdefghilmnoprstx-.<>|[]INSTd0413".toCharArray()) {
      String character = String.valueOf(c);
      if (pieces.stream().noneMatch(piece -> piece.text().equals(character))) {
        pieces.add(new Piece(character, -1000 - pieces.size(), Piece.Kind.NORMAL));
      }
    }
    return SentencePieceTokenizer.parse(
        SentencePieceWriter.write(
            new ModelFile(
                pieces,
                new TextNormalizer(addsSpace, dropsSpaces, true),
                true,
                " \u2047 ",
                "<s>",
                "</s>")),
        "given");
  }

  private static Piece[] merged(String... texts) {
    Piece[] pieces = new Piece[texts.length];
    for (int i = 0; i < texts.length; i++) {
      pieces[i] = new Piece(texts[i], -i, Piece.Kind.NORMAL);
    }
    return pieces;
  }

  @Test
  void trainedVocabulariesGiveTheSameIds() {
    assertSameIds(SentencePieceTrainer.ofSize(310).train(TestCorpus.LINES), 3000);
    assertSameIds(
        SentencePieceTrainer.ofSize(310).withUserDefinedSymbols("\n").train(TestCorpus.LINES),
        3000);
    assertSameIds(
        SentencePieceTrainer.ofSize(310)
            .withUserDefinedSymbols("\n", "[INST]", "apples", "  ", "<|end|>")
            .train(TestCorpus.LINES),
        3000);
  }

  @Test
  void everyWayToTreatSpacesGivesTheSameIds() {
    Piece[] pieces = merged("▁t", "he", "▁the", "▁▁", "--", "-▁", "▁a", "app", "les");
    assertSameIds(of(true, false, pieces), 3000);
    assertSameIds(of(false, false, pieces), 3000);
    Piece[] single = merged("▁t", "he", "▁the", "--", "-▁", "▁a", "app", "les");
    assertSameIds(of(true, true, single), 3000);
    assertSameIds(of(false, true, single), 3000);
  }

  @Test
  void runsOfOneCharacterGiveTheSameIds() {
    assertSameIds(of(true, false, merged("xx", "xxx", "xxxx", "--", "----", "---")), 3000);
  }

  @Test
  void aCharacterThatPiecesHoldIsCutOutWhereItIsUserDefined() {
    List<Piece> pieces = new ArrayList<>(List.of(merged("he", "the", "les")));
    pieces.add(new Piece("e", 0, Piece.Kind.USER_DEFINED));
    SentencePieceTokenizer model = of(true, false, pieces.toArray(Piece[]::new));
    assertEquals(4, model.encode("the").length); // ▁ t h e
    assertSameIds(model, 2000);
  }

  @Test
  void llama2AndStoriesGiveTheSameIds() throws IOException {
    assertSameIds(SentencePieceTokenizer.load(ForeignData.path("stories260K/tok512.model")), 2000);
    SentencePieceTokenizer llama2 =
        SentencePieceTokenizer.load(ForeignData.path("llama2-tokenizer/tokenizer.model"));
    assertSameIds(llama2, 2000);
    JsonTokenizer json = JsonTokenizer.parse(llama2.toJson(1, -1), "made");
    for (String row : Files.readAllLines(GoldenFiles.path("llama2-tokens.jsonl"))) {
      JsonNode golden = MAPPER.readTree(row);
      assertArrayEquals(
          MAPPER.convertValue(golden.get("ids"), int[].class),
          json.encode(golden.get("text").asText()),
          row);
    }
  }

  @Test
  void theTemplateHasWhatIsAskedFor() throws IOException {
    SentencePieceTokenizer model = of(true, false);
    JsonNode both = MAPPER.readTree(model.toJson(1, 2)).path("post_processor");
    assertEquals("<s>", both.at("/single/0/SpecialToken/id").asText());
    assertEquals("A", both.at("/single/1/Sequence/id").asText());
    assertEquals("</s>", both.at("/single/2/SpecialToken/id").asText());
    assertEquals(6, both.path("pair").size());
    assertEquals(2, both.at("/special_tokens/<~1s>/ids/0").asInt());
    assertTrue(MAPPER.readTree(model.toJson(-1, -1)).path("post_processor").isNull());
  }

  @Test
  void aPieceOfACharacterThatIsNoneIsRefused() {
    SentencePieceTokenizer model = of(true, false, merged("aq"));
    var refused = assertThrows(IllegalArgumentException.class, () -> model.toJson(1, -1));
    assertEquals(
        "given: piece 259 'aq' holds 'q', which is no piece; a tokenizer.json cannot say so;"
            + " name another tokenizer of this vocabulary with --tokenizer",
        refused.getMessage());
  }
}
