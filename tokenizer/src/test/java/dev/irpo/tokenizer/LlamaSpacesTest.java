package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.testdata.ForeignData;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Folders whose tokenizer_config.json says where spaces are put and which tokens take those beside
/// them; the values are those of transformers 5.18 for the same files.
class LlamaSpacesTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final Map<String, String> MODELS =
      Map.of(
          "stories", "stories260K/tok512.model",
          "llama2", "llama2-tokenizer/tokenizer.model");

  private final Map<String, byte[]> models = new HashMap<>();
  private final Map<String, byte[]> jsons = new HashMap<>();

  private static JsonNode golden() throws IOException {
    return GoldenFiles.json("llama-spaces.json");
  }

  private TokenizerFolder read(JsonNode example, String files, JsonNode config) throws IOException {
    String vocabulary = example.get("vocabulary").asText();
    if (!models.containsKey(vocabulary)) {
      byte[] model = Files.readAllBytes(ForeignData.path(MODELS.get(vocabulary)));
      models.put(vocabulary, model);
      SentencePieceTokenizer pieces = SentencePieceTokenizer.parse(model, vocabulary);
      ObjectNode json = (ObjectNode) MAPPER.readTree(Llama2TokenizerJson.of(pieces));
      jsons.put(vocabulary, MAPPER.writeValueAsBytes(json.putNull("post_processor")));
    }
    Map<String, byte[]> contents = new HashMap<>();
    contents.put("tokenizer_config.json", config.toString().getBytes(StandardCharsets.UTF_8));
    if (!files.equals("json")) {
      contents.put("tokenizer.model", models.get(vocabulary));
    }
    if (!files.equals("model")) {
      contents.put("tokenizer.json", jsons.get(vocabulary));
    }
    return TokenizerFolder.read(new TokenizerFolder.Files(contents, name -> name)).orElseThrow();
  }

  private static void assertResult(JsonNode golden, JsonNode example, Tokenizer read, String name) {
    JsonNode result = golden.get("results").get(example.get("result").asInt());
    for (int i = 0; i < golden.get("texts").size(); i++) {
      String text = golden.get("texts").get(i).asText();
      String message = "%s: '%s'".formatted(name, text);
      int[] ids = GoldenFiles.ids(result.get("ids").get(i));
      assertArrayEquals(ids, read.encodeWithSpecials(text), message);
      assertEquals(result.get("decoded").get(i).asText(), read.decode(ids), message);
    }
  }

  private static OptionalInt id(JsonNode value) {
    return value.isNull() ? OptionalInt.empty() : OptionalInt.of(value.asInt());
  }

  private static List<String> filesOf(JsonNode example) {
    boolean isLlama2 = example.get("vocabulary").asText().equals("llama2");
    boolean isOfClass = className(example).equals("LlamaTokenizer");
    return isLlama2 && isOfClass
        ? List.of("json", "model", "both") // merges of equal scores go from the left in each
        : List.of(example.get("files").asText());
  }

  private static String className(JsonNode example) {
    return example.at("/config/tokenizer_class").asText();
  }

  @Test
  void textsBecomeTheIdsThatTransformersGives() throws IOException {
    JsonNode golden = golden();
    List<Runnable> checks = new ArrayList<>();
    for (JsonNode example : golden.get("cases")) {
      for (String files : filesOf(example)) {
        TokenizerFolder folder = read(example, files, example.get("config"));
        String name = files + " " + example;
        checks.add(() -> assertResult(golden, example, folder.tokenizer(), name));
        checks.add(() -> assertEquals(id(example.get("bos")), folder.bos(), name));
        checks.add(() -> assertEquals(id(example.get("eos")), folder.eos(), name));
        int[] around =
            IntStream.concat(IntStream.of(folder.before()), IntStream.of(folder.after())).toArray();
        if (files.equals(example.get("files").asText())) {
          int[] right = GoldenFiles.ids(example.get("around"));
          checks.add(() -> assertArrayEquals(right, around, name));
        }
      }
    }
    assertAll(checks.stream().map(check -> check::run));
  }

  private static byte[] made(Tokenizer tokenizer) {
    return switch (tokenizer) {
      case SentencePieceTokenizer model -> model.toJson(-1, -1);
      case ExtendedTokenizer extended -> extended.toJson(-1, -1);
      case JsonTokenizer _ -> throw new AssertionError("it came from such a file");
    };
  }

  /// As an export writes it: beside the same configuration, whose class is another then.
  @Test
  void aTokenizerJsonThatIsMadeGivesTheSameIds() throws IOException {
    JsonNode golden = golden();
    List<Runnable> checks = new ArrayList<>();
    for (JsonNode example : golden.get("cases")) {
      if (!filesOf(example).contains("model")) {
        continue;
      }
      byte[] json = made(read(example, "model", example.get("config")).tokenizer());
      ObjectNode config = example.get("config").deepCopy();
      config.put("tokenizer_class", "PreTrainedTokenizerFast");
      Map<String, byte[]> contents =
          Map.of(
              "tokenizer.json",
              json,
              "tokenizer_config.json",
              config.toString().getBytes(StandardCharsets.UTF_8));
      TokenizerFolder again =
          TokenizerFolder.read(new TokenizerFolder.Files(contents, name -> name)).orElseThrow();
      checks.add(() -> assertResult(golden, example, again.tokenizer(), example.toString()));
    }
    assertAll(checks.stream().map(check -> check::run));
  }
}
