package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.testdata.ForeignData;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// Tokenizers that are put together from their parts do what the files do that the parts are of.
class TokenizerPartsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /// Added tokens of the golden files whose flags are not among the parts.
  private static final Pattern FLAGGED = Pattern.compile("<mask>|TOOL|left|right|東京 と");

  private static JsonNode read(String name) throws IOException {
    try (InputStream in = TokenizerPartsTest.class.getResourceAsStream("json/" + name)) {
      return JSON.readTree(in);
    }
  }

  private static ByteLevelParts parts(String name, ByteLevelParts.Layout layout, int bosId)
      throws IOException {
    JsonNode root = read(name + ".json");
    Map<Integer, String> tokens = new TreeMap<>();
    root.at("/model/vocab").properties().forEach(e -> tokens.put(e.getValue().asInt(), e.getKey()));
    int[] kinds = new int[tokens.size() + root.path("added_tokens").size()];
    Arrays.fill(kinds, 1);
    for (JsonNode added : root.path("added_tokens")) {
      tokens.put(added.path("id").asInt(), added.path("content").asText());
      kinds[added.path("id").asInt()] = added.path("special").asBoolean() ? 3 : 4;
    }
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : root.at("/model/merges")) {
      merges.add(merge.get(0).asText() + " " + merge.get(1).asText());
    }
    return new ByteLevelParts(List.copyOf(tokens.values()), kinds, merges, layout, bosId, -1);
  }

  private static void assertGolden(String name, ByteLevelParts parts) throws IOException {
    JsonTokenizer made = JsonTokenizer.parse(parts.toJson(), "made.json");
    JsonTokenizer published =
        JsonTokenizer.parse(JSON.writeValueAsBytes(read(name + ".json")), name + ".json");
    assertEquals(published.vocabSize(), made.vocabSize());
    int compared = 0;
    try (InputStream in = TokenizerPartsTest.class.getResourceAsStream("json/golden.jsonl")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList()) {
        JsonNode row = JSON.readTree(line);
        String text = row.path("text").asText();
        if (row.path("tokenizer").asText().equals(name) && !FLAGGED.matcher(text).find()) {
          int[] ids = JSON.convertValue(row.get("ids"), int[].class);
          assertEquals(published.decode(ids), made.decode(ids), line);
          if (row.has("text")) {
            assertArrayEquals(ids, made.encode(text), line);
            assertArrayEquals(
                published.encodeWithSpecials(text), made.encodeWithSpecials(text), line);
            compared++;
          }
        }
      }
    }
    assertTrue(compared > 30, "only " + compared + " rows");
  }

  @Test
  void llama3sLayoutEncodesAsItsPublishedFile() throws IOException {
    ByteLevelParts parts = parts("llama3", ByteLevelParts.Layout.LLAMA_3, 350);
    assertGolden("llama3", parts);
    assertArrayEquals(new int[] {350}, JsonTokenizer.parse(parts.toJson(), "made.json").before());
    JsonNode made = JSON.readTree(parts.toJson());
    assertEquals(read("llama3.json").at("/pre_tokenizer"), made.at("/pre_tokenizer"));
    ObjectNode model = (ObjectNode) made.at("/model");
    ObjectNode published = (ObjectNode) read("llama3.json").at("/model");
    assertEquals(published.get("vocab"), model.get("vocab"));
    assertEquals(published.without("merges"), model.without("merges"));
  }

  @Test
  void smolLm2sLayoutEncodesAsItsPublishedFile() throws IOException {
    ByteLevelParts parts = parts("smollm2", ByteLevelParts.Layout.SMOLLM, -1);
    assertGolden("smollm2", parts);
    assertEquals(0, JsonTokenizer.parse(parts.toJson(), "made.json").before().length);
  }

  @Test
  void qwen2sLayoutEncodesAsItsPublishedFile() throws IOException {
    ByteLevelParts parts = parts("qwen2", ByteLevelParts.Layout.QWEN_2, -1);
    assertGolden("qwen2", parts);
    JsonNode made = JSON.readTree(parts.toJson());
    assertEquals(read("qwen2.json").at("/pre_tokenizer"), made.at("/pre_tokenizer"));
    assertEquals(read("qwen2.json").at("/normalizer"), made.at("/normalizer"));
    JsonTokenizer again = JsonTokenizer.parse(parts.toJson(), "made.json");
    assertEquals(parts.layout(), ((ByteLevelParts) TokenizerParts.of(again)).layout());
  }

  @Test
  void gpt2sLayoutCutsDigitsTogetherAndSmolLmsAndQwen2sDoNot() throws IOException {
    Set<ByteLevelParts.Layout> single =
        Set.of(ByteLevelParts.Layout.SMOLLM, ByteLevelParts.Layout.QWEN_2);
    for (ByteLevelParts.Layout layout : ByteLevelParts.Layout.values()) {
      ByteLevelParts parts =
          new ByteLevelParts(
              List.of("1", "2", "12"), new int[] {1, 1, 1}, List.of("1 2"), layout, -1, -1);
      int[] ids = JsonTokenizer.parse(parts.toJson(), "made.json").encode("12");
      assertArrayEquals(single.contains(layout) ? new int[] {0, 1} : new int[] {2}, ids);
    }
  }

  @Test
  void aTokenAmongTheNormalOnesKeepsItsPlace() throws IOException {
    ByteLevelParts parts =
        new ByteLevelParts(
            List.of("<a>", "x", "<b>"),
            new int[] {3, 1, 4},
            List.of(),
            ByteLevelParts.Layout.GPT_2,
            -1,
            2);
    JsonNode made = JSON.readTree(parts.toJson());
    assertEquals("{\"<a>\":0,\"x\":1}", made.at("/model/vocab").toString());
    JsonTokenizer tokenizer = JsonTokenizer.parse(parts.toJson(), "made.json");
    assertArrayEquals(new int[] {1, 2}, tokenizer.encode("x<b>"));
    assertArrayEquals(new int[] {0, 1}, tokenizer.encodeWithSpecials("<a>x"));
    assertEquals(0, tokenizer.before().length);
    assertArrayEquals(new int[] {2}, tokenizer.after());
  }

  @Test
  void sameTokensAndUnknownKindsAreRefused() {
    ByteLevelParts twice =
        new ByteLevelParts(
            List.of("a", "a"), new int[] {1, 1}, List.of(), ByteLevelParts.Layout.GPT_2, -1, -1);
    assertTrue(refusal(twice::toJson).contains("tokens 0 and 1 are both 'a'"));
    SentencePieceParts unused =
        new SentencePieceParts(
            List.of("<unk>", "a"), new float[2], new int[] {2, 5}, 0, 0, true, false);
    assertTrue(refusal(unused::toModel).contains("piece 1 is of kind 5"));
  }

  private static String refusal(Executable executable) {
    return assertThrows(IllegalArgumentException.class, executable).getMessage();
  }

  @Test
  void llama2sPiecesScoresAndKindsGiveItsModelAgain() throws IOException {
    var published =
        SentencePieceTokenizer.load(ForeignData.path("llama2-tokenizer/tokenizer.model"));
    List<String> pieces = new ArrayList<>();
    float[] scores = new float[published.vocabSize()];
    int[] kinds = new int[published.vocabSize()];
    for (int id = 0; id < kinds.length; id++) {
      Piece piece = published.pieceOf(id);
      pieces.add(piece.text());
      scores[id] = piece.score();
      kinds[id] = piece.kind().number;
    }
    byte[] model = new SentencePieceParts(pieces, scores, kinds, 1, 2, true, false).toModel();
    var made = SentencePieceTokenizer.parse(model, "made.model");
    assertEquals(1, made.bosId());
    assertEquals(2, made.eosId());
    for (String line : Files.readAllLines(GoldenFiles.path("llama2-tokens.jsonl"))) {
      JsonNode row = JSON.readTree(line);
      int[] ids = JSON.convertValue(row.get("ids"), int[].class);
      assertArrayEquals(ids, made.encode(row.get("text").asText()), line);
      assertEquals(row.get("decoded").asText(), made.decode(ids), line);
    }
  }

  @Test
  void userDefinedPiecesMatchTextWithSpaces() {
    List<String> pieces = List.of("<unk>", "<s>", "</s>", "▁", "a", "b", "a b");
    SentencePieceParts parts =
        new SentencePieceParts(
            pieces,
            new float[] {0, 0, 0, -1, -2, -3, 0},
            new int[] {2, 3, 3, 1, 1, 1, 4},
            1,
            2,
            false,
            false);
    var made = SentencePieceTokenizer.parse(parts.toModel(), "made.model");
    assertArrayEquals(new int[] {6, 4}, made.encode("a ba"));
    assertEquals("a ba", made.decode(6, 4));
  }
}
