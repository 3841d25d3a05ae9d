package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class JsonTokenizerTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = JsonTokenizerTest.class.getResourceAsStream("json/" + name)) {
      return in.readAllBytes();
    }
  }

  private static JsonTokenizer tokenizer(String name) throws IOException {
    return JsonTokenizer.parse(resource(name + ".json"), name + ".json");
  }

  private static List<JsonNode> golden(String key) throws IOException {
    return new String(resource("golden.jsonl"), StandardCharsets.UTF_8)
        .lines()
        .map(JsonTokenizerTest::parse)
        .filter(row -> row.has(key))
        .toList();
  }

  private static JsonNode parse(String row) {
    try {
      return JSON.readTree(row);
    } catch (IOException e) {
      throw new IllegalStateException(row, e);
    }
  }

  private static int[] ids(JsonNode row, String key) {
    return JSON.convertValue(row.get(key), int[].class);
  }

  private static String streamed(Tokenizer tokenizer, int[] ids) {
    var text = new StringBuilder();
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    for (int id : ids) {
      String more = decoder.append(id);
      assertFalse(!more.isEmpty() && Character.isHighSurrogate(more.charAt(more.length() - 1)));
      text.append(more);
    }
    return text.append(decoder.finish()).toString();
  }

  @Test
  void everyGoldenRowEncodesAndDecodesAsHuggingFaceDoes() throws IOException {
    List<JsonNode> rows = golden("tokenizer");
    assertEquals(356, rows.size());
    for (JsonNode row : rows) {
      JsonTokenizer tokenizer = tokenizer(row.get("tokenizer").asText());
      int[] ids = ids(row, "ids");
      String decoded = row.path("decoded").asText(row.path("text").asText());
      assertEquals(decoded, streamed(tokenizer, ids), row::toString);
      assertEquals(decoded, tokenizer.decode(ids), row::toString);
      if (row.has("text")) {
        assertArrayEquals(ids, tokenizer.encode(row.get("text").asText()), row::toString);
        int[] specials = row.has("withSpecials") ? ids(row, "withSpecials") : ids;
        assertArrayEquals(
            specials, tokenizer.encodeWithSpecials(row.get("text").asText()), row::toString);
        assertEquals(
            row.path("decodedWithSpecials").asText(decoded),
            tokenizer.decode(specials),
            row::toString);
      }
    }
  }

  @Test
  void llama3sPatternCutsAsOnigurumaDoes() throws IOException {
    var pattern = new SplitPattern(LLAMA3);
    List<JsonNode> rows = golden("split");
    assertEquals(60, rows.size());
    for (JsonNode row : rows) {
      List<String> pieces = List.of(JSON.convertValue(row.get("pieces"), String[].class));
      assertEquals(pieces, pattern.isolate(row.get("split").asText()));
    }
  }

  @Test
  void llama2sGoldenRowsHoldThroughAnEqualTokenizerJson() throws IOException {
    var model = SentencePieceTokenizer.load(ForeignData.path("llama2-tokenizer/tokenizer.model"));
    JsonTokenizer tokenizer =
        JsonTokenizer.parse(Llama2TokenizerJson.of(model), "equal tokenizer.json");
    assertArrayEquals(new int[] {1}, tokenizer.before());
    for (String line : Files.readAllLines(GoldenFiles.path("llama2-tokens.jsonl"))) {
      JsonNode row = parse(line);
      int[] ids = ids(row, "ids");
      assertArrayEquals(ids, tokenizer.encode(row.get("text").asText()), line);
      assertEquals(row.get("decoded").asText(), tokenizer.decode(ids), line);
    }
  }

  @Test
  void anyTextComesBackThroughBytes() throws IOException {
    var random = new SplittableRandom(5);
    for (String name : List.of("llama3", "smollm2")) {
      JsonTokenizer tokenizer = tokenizer(name);
      for (int i = 0; i < 200; i++) {
        int[] codePoints =
            random
                .ints(20, 0, i % 2 == 0 ? 0x110000 : 0x500)
                .filter(c -> c < 0xD800 || c > 0xDFFF)
                .toArray();
        String text = new String(codePoints, 0, codePoints.length);
        assertEquals(text, tokenizer.decode(tokenizer.encode(text)));
      }
      assertEquals("a\uFFFDb", tokenizer.decode(tokenizer.encode("a\uD83Db")));
    }
  }

  @Test
  void theTemplateSaysWhatBeginsASequence() throws IOException {
    int[] before = tokenizer("llama3").before();
    assertEquals(1, before.length);
    assertEquals("<|begin_of_text|>", tokenizer("llama3").piece(before[0]));
    assertEquals(0, tokenizer("llama3").after().length);
    assertEquals(0, tokenizer("smollm2").before().length);
  }

  @Test
  void mergesMayBeStringsOrPairs() throws IOException {
    var tree = JSON.readTree(resource("llama3.json"));
    var merges = JSON.createArrayNode();
    for (JsonNode merge : tree.at("/model/merges")) {
      merges.add(merge.get(0).asText() + " " + merge.get(1).asText());
    }
    ((ObjectNode) tree.get("model")).set("merges", merges);
    JsonTokenizer strings = JsonTokenizer.parse(JSON.writeValueAsBytes(tree), "strings");
    String text = "Tom has 12 apples and pears";
    assertArrayEquals(tokenizer("llama3").encode(text), strings.encode(text));
  }

  private static String refusal(String from, String to) throws IOException {
    String json = new String(resource("llama3.json"), StandardCharsets.UTF_8);
    assertTrue(json.contains(from), from);
    byte[] changed = json.replace(from, to).getBytes(StandardCharsets.UTF_8);
    String message =
        assertThrows(IllegalArgumentException.class, () -> JsonTokenizer.parse(changed, "x.json"))
            .getMessage();
    assertTrue(message.startsWith("x.json: "), message);
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void whatIsNotSupportedIsRefusedByName() throws IOException {
    assertTrue(refusal("\"type\":\"BPE\"", "\"type\":\"Unigram\"").contains("Unigram"));
    assertTrue(
        refusal("\"normalizer\":null", "\"normalizer\":{\"type\":\"Lowercase\"}")
            .contains("normalizer 'Lowercase'"));
    assertTrue(refusal("\"Split\"", "\"BertPreTokenizer\"").contains("'BertPreTokenizer'"));
    assertTrue(refusal("\"Isolated\"", "\"Removed\"").contains("behavior 'Removed'"));
    assertTrue(refusal("\"dropout\":null", "\"dropout\":0.1").contains("dropout"));
    assertTrue(refusal("\"TemplateProcessing\"", "\"BertProcessing\"").contains("BertProcessing"));
    assertTrue(refusal("(?i:'s", "(?<=a)(?i:'s").contains("from character 2 on"));
    assertTrue(refusal("|\\\\s+\"", "|\\\\w+\"").contains("regular expression"));
    assertTrue(refusal("|\\\\s+\"", "|(a+)+b\"").contains("regular expression"));
  }

  @Test
  void damagedVocabulariesAreRefused() throws IOException {
    assertTrue(refusal("\"!\":0", "\"!\":2000000000").contains("2000000000 is beyond its"));
    assertTrue(refusal("\"!\":0", "\"!\":1").contains("both have id 1"));
    assertTrue(refusal("\"!\":0", "\"!\":-1").contains("the id '-1'"));
    assertTrue(refusal("\"!\":0", "\"!\":0,\"!\":1").contains("not valid JSON"));
    assertTrue(refusal("[\"Ġ\",\"t\"]", "[\"Ġ\",\"zzz\"]").contains("names 'zzz'"));
  }

  @Test
  void aTemplateThatIsNoListIsRefused() throws IOException {
    String template =
        "\"single\":[{\"SpecialToken\":{\"id\":\"<|begin_of_text|>\",\"type_id\":0}},"
            + "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}]";
    assertTrue(refusal(template, "\"single\":{\"Sequence\":1}").contains("the text 'A' alone"));
  }

  @Test
  void aPatternThatBacktracksWithoutEndIsGivenUp() {
    var pattern = new SplitPattern("a*a*a*a*a*b");
    String text = "a".repeat(3000);
    assertThrows(IllegalArgumentException.class, () -> pattern.isolate(text));
  }

  @Test
  void aMegabyteOfOneStretchMergesInReasonableTime() throws IOException {
    JsonTokenizer tokenizer = tokenizer("legacy");
    String text = "thetheтеthem".repeat(1 << 17);
    int[] ids = tokenizer.encode(text);
    assertTrue(text.equals(tokenizer.decode(ids)), "ids " + Arrays.hashCode(ids));
  }
}
