package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Text that follows other text gets nothing put before it, and control tokens in it only follow.
class RestOfTextTest {
  private static JsonTokenizer json(String name) throws IOException {
    try (InputStream in = RestOfTextTest.class.getResourceAsStream("json/" + name + ".json")) {
      return JsonTokenizer.parse(in.readAllBytes(), name);
    }
  }

  private static SentencePieceTokenizer stories() throws IOException {
    return SentencePieceTokenizer.load(ForeignData.path("stories260K/tok512.model"));
  }

  private static SentencePieceTokenizer keepingSpaces() throws IOException {
    return SentencePieceTokenizer.parse(
        stories().toBytes(), "stories", stated -> SpaceRules.keepingAll(stated, true, false));
  }

  /// The model says that extra spaces are dropped; the ids are those of transformers 5.18.
  @Test
  void noSpaceOfATextIsDroppedWhereTheyAreKept() throws IOException {
    SentencePieceTokenizer stories = keepingSpaces();
    assertArrayEquals(new int[] {403, 407}, stories().encode("Once  upon "));
    assertArrayEquals(new int[] {403, 410, 407, 410}, stories.encode("Once  upon "));
    assertEquals("Once  upon ", stories.decode(403, 410, 407, 410));
    assertArrayEquals(new int[] {261}, stories.encode(" a"));
    assertArrayEquals(new int[] {410, 261}, stories.encode("  a"));
    assertArrayEquals(new int[] {261}, stories.encode("▁a"));
    assertArrayEquals(new int[] {261}, stories.encodeRest(" a"));
    assertEquals(" a", stories.decode(410, 261));
  }

  @Test
  void aPieceOfTextHasNoSpaceThatItDoesNotBeginWith() throws IOException {
    SentencePieceTokenizer stories = keepingSpaces();
    assertEquals("▁", stories.piece(stories.encode("b")[0]).substring(0, 1));
    assertArrayEquals(stories.find("b").stream().toArray(), stories.encodeRest("b"));
    assertArrayEquals(stories.encode("a"), stories.encodeRest(" a"));
    assertEquals(0, stories.encodeRest("").length);
  }

  @Test
  void whateverPutsASpaceBeforeATextPutsNoneBeforeItsRest() throws IOException {
    for (String name : List.of("legacy", "metaspace-always", "metaspace-first", "prefix-space")) {
      JsonTokenizer tokenizer = json(name);
      int[] start = tokenizer.encode("the");
      int[] rest = tokenizer.encodeRest("the");
      StringBuilder spelled = new StringBuilder();
      for (int id : rest) {
        spelled.append(tokenizer.piece(id));
      }
      assertEquals("the", spelled.toString(), name);
      assertArrayEquals(start, tokenizer.encodeRest(" the"), name);
    }
    JsonTokenizer llama3 = json("llama3");
    assertArrayEquals(llama3.encode("the"), llama3.encodeRest("the"));
  }

  @Test
  void afterASpecialTokenOnlyLayoutsThatSayItPutASpace() throws IOException {
    SentencePieceTokenizer stories = stories();
    assertArrayEquals(new int[] {1, 441, 416, 331}, stories.encodeWithSpecials("<s>Once"));
    assertArrayEquals(new int[] {403, 407, 2, 444}, stories.encodeWithSpecials("Once upon</s>x"));
    assertArrayEquals(new int[] {2, 441, 416, 331}, stories.encodeRestWithSpecials("</s>Once"));
    assertArrayEquals(new int[] {0}, stories.encodeRestWithSpecials("<unk>"));
  }
}
