package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.testdata.ForeignData;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// What is taken apart and put together again is the same tokenizer.
class JsonTokenizerPartsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static ObjectNode read(String name) throws IOException {
    try (InputStream in = JsonTokenizerPartsTest.class.getResourceAsStream("json/" + name)) {
      return (ObjectNode) JSON.readTree(in);
    }
  }

  private static TokenizerParts parts(JsonNode json) throws IOException {
    return TokenizerParts.of(JsonTokenizer.parse(JSON.writeValueAsBytes(json), "t.json"));
  }

  @Test
  void byteLevelFilesKeepTokensMergesAndLayout() throws IOException {
    for (String name : List.of("llama3", "smollm2")) {
      ObjectNode published = read(name + ".json");
      ByteLevelParts parts = (ByteLevelParts) parts(published);
      JsonNode made = JSON.readTree(parts.toJson());
      assertEquals(published.at("/model/vocab"), made.at("/model/vocab"));
      assertEquals(published.path("pre_tokenizer"), made.path("pre_tokenizer"));
      assertEquals(published.at("/model/merges").size(), parts.merges().size());
      JsonNode last = published.at("/model/merges").path(parts.merges().size() - 1);
      assertEquals(last.path(0).asText() + " " + last.path(1).asText(), parts.merges().getLast());
      for (JsonNode added : published.path("added_tokens")) {
        int id = added.path("id").asInt();
        assertEquals(added.path("content").asText(), parts.tokens().get(id));
        assertEquals(added.path("special").asBoolean() ? 3 : 4, parts.kinds()[id]);
      }
      assertEquals(1, parts.kinds()[published.at("/model/vocab/a").asInt()]);
    }
  }

  @Test
  void mergesOfASentencePieceKindBecomeScores() throws IOException {
    var model = SentencePieceTrainer.ofSize(310).train(TestCorpus.LINES);
    JsonNode json = JSON.readTree(Llama2TokenizerJson.of(model));
    SentencePieceParts parts = (SentencePieceParts) parts(json);
    assertTrue(parts.addsSpace());
    SentencePieceParts own = model.parts();
    assertEquals(own.pieces(), parts.pieces());
    assertArrayEquals(own.kinds(), parts.kinds());
    SentencePieceParts whole =
        new SentencePieceParts(parts.pieces(), parts.scores(), parts.kinds(), 1, 2, true, false);
    var again = SentencePieceTokenizer.parse(whole.toModel(), "again");
    for (String text : TestCorpus.LINES) {
      assertArrayEquals(model.encode(text), again.encode(text));
    }
    String mixed = " Tom  has\n12 pearshops é applesTom ";
    assertArrayEquals(model.encode(mixed), again.encode(mixed));
  }

  /// Merges of ▁▁▁▁ and ▁▁▁ take turns, so both have one score, and abc has both before it.
  @Test
  void theScoreOfAPieceCountsThePiecesThatAreMergedBeforeIt() throws IOException {
    ObjectNode json =
        (ObjectNode)
            JSON.readTree(
                Llama2TokenizerJson.of(SentencePieceTrainer.ofSize(310).train(TestCorpus.LINES)));
    List<String> pieces =
        List.of("<unk>", "<s>", "</s>", "▁", "a", "b", "c", "ab", "▁▁", "▁▁▁", "▁▁▁▁", "abc");
    ObjectNode model = (ObjectNode) json.get("model");
    model.put("byte_fallback", false);
    ObjectNode vocabulary = model.putObject("vocab");
    pieces.forEach(piece -> vocabulary.put(piece, vocabulary.size()));
    ArrayNode merges = model.putArray("merges");
    List.of("a b", "▁ ▁", "▁▁ ▁▁", "▁▁ ▁", "▁ ▁▁", "▁▁▁ ▁", "▁ ▁▁▁", "ab c").forEach(merges::add);
    float[] scores = ((SentencePieceParts) parts(json)).scores();
    assertArrayEquals(
        new float[] {0, -1, -2, -2, -4}, Arrays.copyOfRange(scores, 7, pieces.size()));
    assertEquals(-5, scores[pieces.indexOf("c")]);
  }

  @Test
  void llama2sFileGivesScoresThatGiveItsIds() throws IOException {
    var model = SentencePieceTokenizer.load(ForeignData.path("llama2-tokenizer/tokenizer.model"));
    SentencePieceParts parts =
        (SentencePieceParts) parts(JSON.readTree(Llama2TokenizerJson.of(model)));
    SentencePieceParts whole =
        new SentencePieceParts(parts.pieces(), parts.scores(), parts.kinds(), 1, 2, true, false);
    var again = SentencePieceTokenizer.parse(whole.toModel(), "again");
    for (String line : Files.readAllLines(GoldenFiles.path("llama2-tokens.jsonl"))) {
      JsonNode row = JSON.readTree(line);
      assertArrayEquals(
          JSON.convertValue(row.get("ids"), int[].class),
          again.encode(row.get("text").asText()),
          line);
    }
    for (int spaces = 0; spaces < 70; spaces++) {
      String text = "a" + " ".repeat(spaces) + "b";
      assertArrayEquals(model.encode(text), again.encode(text), text);
    }
  }

  @Test
  void whatPartsCannotSayIsRefused() throws IOException {
    assertRefused("llama3.json", json -> json.set("normalizer", type("NFC")), "a normalizer");
    assertRefused("qwen2.json", json -> json.putNull("normalizer"), "lacks one");
    assertRefused(
        "smollm2.json",
        json ->
            ((ObjectNode) json.at("/pre_tokenizer/pretokenizers/0"))
                .put("individual_digits", false),
        "pre_tokenizer is none of those");
    assertRefused(
        "llama3.json",
        json -> ((ObjectNode) json.path("model")).put("ignore_merges", false),
        "pre_tokenizer is none of those");
    assertRefusedKind(json -> json.set("normalizer", type("NFC")), "its normalizer does more");
    assertRefusedKind(json -> json.putNull("normalizer"), "it does not spell spaces");
    assertRefusedKind(
        json ->
            json.set("pre_tokenizer", type("Metaspace").put("replacement", "▁").put("split", true)),
        "its pre_tokenizer does more");
    assertRefusedKind(
        json -> ((ObjectNode) json.path("model")).put("ignore_merges", true), "ignore_merges");
    assertRefusedKind(json -> ((ArrayNode) json.at("/model/merges")).remove(0), "' is no merge");
  }

  private static ObjectNode type(String name) {
    return JSON.createObjectNode().put("type", name);
  }

  private static void assertRefused(String name, Consumer<ObjectNode> edit, String fact)
      throws IOException {
    ObjectNode json = read(name);
    assertRefused(json, edit, fact);
  }

  private static void assertRefusedKind(Consumer<ObjectNode> edit, String fact) throws IOException {
    var model = SentencePieceTrainer.ofSize(310).train(TestCorpus.LINES);
    assertRefused((ObjectNode) JSON.readTree(Llama2TokenizerJson.of(model)), edit, fact);
  }

  private static void assertRefused(ObjectNode json, Consumer<ObjectNode> edit, String fact) {
    edit.accept(json);
    var refused = assertThrows(IllegalArgumentException.class, () -> parts(json));
    assertTrue(refused.getMessage().contains(fact), refused.getMessage());
  }
}
