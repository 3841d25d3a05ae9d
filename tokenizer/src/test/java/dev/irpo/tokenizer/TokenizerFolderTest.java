package dev.irpo.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// What the files of a folder say together; the values are those of transformers 5.18 for the same
/// files.
class TokenizerFolderTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String TEXT = "<x>a<|im_end|>";
  private static final String FLAGS =
      "\"lstrip\":false,\"normalized\":false,\"rstrip\":false,\"single_word\":false";

  private final Map<String, byte[]> files = new LinkedHashMap<>();

  private TokenizerFolderTest with(String name, String content) {
    files.put(name, content.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /// A folder with the 512 pieces of stories260K.
  private static TokenizerFolderTest model() throws IOException {
    TokenizerFolderTest folder = new TokenizerFolderTest();
    folder.files.put(
        "tokenizer.model", Files.readAllBytes(ForeignData.path("reports/hf-base/tokenizer.model")));
    return folder;
  }

  private static TokenizerFolderTest model(String config) throws IOException {
    return model().with("tokenizer_config.json", config);
  }

  /// A folder with the same pieces and two added tokens.
  private static TokenizerFolderTest json(Consumer<ObjectNode> change) throws IOException {
    ObjectNode json =
        (ObjectNode)
            MAPPER.readTree(
                ForeignData.path("reports/hf-added-tokens-beside-model/tokenizer.json").toFile());
    change.accept(json);
    return new TokenizerFolderTest().with("tokenizer.json", json.toString());
  }

  private static TokenizerFolderTest json() throws IOException {
    return json(_ -> {});
  }

  private TokenizerFolderTest and(TokenizerFolderTest other) {
    files.putAll(other.files);
    return this;
  }

  private TokenizerFolder read() {
    return TokenizerFolder.read(new TokenizerFolder.Files(files, name -> "dir/" + name))
        .orElseThrow();
  }

  private String refusal() {
    String message = assertThrows(IllegalArgumentException.class, this::read).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  private static void assertAround(int[] before, int[] after, TokenizerFolder folder) {
    assertArrayEquals(before, folder.before());
    assertArrayEquals(after, folder.after());
  }

  private static final int[] NONE = {};
  private static final int[] BOS = {1};
  private static final int[] EOS = {2};

  @Test
  void aModelsConfigSaysWhatStandsAroundAText() throws IOException {
    assertAround(NONE, NONE, model("{}").read());
    assertAround(NONE, EOS, model("{\"add_eos_token\":true}").read());
    assertAround(BOS, EOS, model("{\"add_bos_token\":true,\"add_eos_token\":true}").read());
    assertAround(NONE, NONE, model("{\"add_bos_token\":null}").read());
    assertAround(NONE, NONE, model("{\"add_bos_token\":true,\"bos_token\":null}").read());
    assertEquals(OptionalInt.of(1), model("{}").read().bos());
    assertEquals(OptionalInt.of(2), model("{}").read().eos());
    assertEquals(OptionalInt.empty(), model("{\"eos_token\":\"\"}").read().eos());
  }

  @Test
  void aModelAloneBeginsATextAsItsOwnPiecesSay() throws IOException {
    TokenizerFolder folder = model().read();
    assertAround(BOS, NONE, folder);
    assertEquals(OptionalInt.of(2), folder.eos());
    assertArrayEquals(
        new int[] {403, 407, 261, 378}, folder.tokenizer().encode("Once upon a time"));
  }

  @Test
  void aTokenIsATextOrAnObject() throws IOException {
    String object = "{\"__type\":\"AddedToken\",\"content\":\".\"," + FLAGS + "}";
    TokenizerFolder folder =
        model("{\"add_bos_token\":true,\"bos_token\":\"<s>\",\"eos_token\":" + object + "}").read();
    assertEquals(OptionalInt.of(426), folder.eos());
    assertAround(BOS, NONE, folder);
  }

  @Test
  void addedTokensFollowThePieces() throws IOException {
    String special = "{\"added_tokens_decoder\":{\"512\":{\"content\":\"<x>\",\"special\":%s}}}";
    int[] ids = {512, 412, 504, 506, 288, 98, 367, 506, 505};
    Tokenizer tokenizer = model(special.formatted("true")).read().tokenizer();
    assertEquals(513, tokenizer.vocabSize());
    assertEquals(512, tokenizer.trainedSize());
    assertArrayEquals(ids, tokenizer.encodeWithSpecials(TEXT));
    assertEquals("a<|im_end|>", tokenizer.decode(ids));
    assertEquals(504, tokenizer.encode(TEXT)[1], "as letters");
    assertEquals("<x>", tokenizer.specialIn("a " + TEXT).orElseThrow());
    assertEquals("</s>", tokenizer.specialIn("a</s> " + TEXT).orElseThrow());
    assertEquals("<x>", tokenizer.piece(512));

    Tokenizer plain = model(special.formatted("false")).read().tokenizer();
    assertArrayEquals(ids, plain.encode(TEXT));
    assertEquals(TEXT, plain.decode(ids));
    assertTrue(plain.specialIn(TEXT).isEmpty());
  }

  @Test
  void aModelsConfigSaysWhereASpaceIsPut() throws IOException {
    String added = "\"added_tokens_decoder\":{\"512\":{\"content\":\"<x>\",\"special\":true}}}";
    Tokenizer legacy = model("{\"legacy\":true," + added).read().tokenizer();
    assertArrayEquals(new int[] {403, 2, 403}, legacy.encodeWithSpecials("Once</s>Once"));
    assertArrayEquals(new int[] {512, 403}, legacy.encodeWithSpecials("<x>Once"));
    assertArrayEquals(new int[] {403, 512, 261}, legacy.encodeWithSpecials("Once<x> a"));
    Tokenizer today = model("{\"legacy\":false," + added).read().tokenizer();
    assertArrayEquals(new int[] {403, 2, 441, 416, 331}, today.encodeWithSpecials("Once</s>Once"));
    assertArrayEquals(new int[] {512, 441, 416, 331}, today.encodeWithSpecials("<x>Once"));
    Tokenizer bare = model("{\"add_prefix_space\":false}").read().tokenizer();
    assertArrayEquals(new int[] {441, 416, 331, 407}, bare.encode("Once upon"));
    assertArrayEquals(new int[] {410, 261}, bare.encode("  a"));
    assertArrayEquals(new int[] {412, 268}, bare.encode("a b"));
    assertEquals("  a", bare.decode(410, 261));
  }

  @Test
  void olderFilesNameAddedAndSpecialTokens() throws IOException {
    TokenizerFolderTest old = model("{}").with("added_tokens.json", "{\"<x>\":512}");
    assertArrayEquals(new int[] {512, 412}, old.read().tokenizer().encode("<x>a"));

    String map = "{\"eos_token\":{\"content\":\".\"," + FLAGS + "}}";
    assertEquals(
        OptionalInt.of(426),
        model("{\"eos_token\":\"</s>\"}").with("special_tokens_map.json", map).read().eos());
    String listed =
        "{\"eos_token\":\"</s>\",\"added_tokens_decoder\":{\"2\":{\"content\":\"</s>\"}}}";
    assertEquals(
        OptionalInt.of(2), model(listed).with("special_tokens_map.json", map).read().eos());
  }

  @Test
  void aSpecialTokenThatIsNoPieceIsAdded() throws IOException {
    TokenizerFolder folder = model("{\"eos_token\":\"<|im_end|>\"}").read();
    assertEquals(OptionalInt.of(512), folder.eos());
    assertArrayEquals(
        new int[] {410, 504, 444, 505, 412, 512}, folder.tokenizer().encodeWithSpecials(TEXT));
    assertEquals(
        513, model("{\"additional_special_tokens\":[\"<x>\"]}").read().tokenizer().vocabSize());
  }

  @Test
  void anAddedTokenWithAnotherIdThanTheNextIsRefused() throws IOException {
    for (int id : new int[] {511, 515}) {
      String config = "{\"added_tokens_decoder\":{\"%d\":{\"content\":\"<x>\"}}}".formatted(id);
      String message = model(config).refusal();
      assertTrue(message.startsWith("dir/tokenizer_config.json: "), message);
      assertTrue(message.contains("'<x>' has id " + id + ", the next free id is 512"), message);
    }
  }

  @Test
  void theTemplateOfATokenizerJsonSaysWhatStandsAroundAText() throws IOException {
    String noBos = "{\"add_bos_token\":false,\"eos_token\":\"<|im_end|>\"}";
    TokenizerFolder folder = json().with("tokenizer_config.json", noBos).read();
    assertAround(BOS, NONE, folder);
    assertEquals(OptionalInt.of(513), folder.eos());

    String addsBos = "{\"add_bos_token\":true}";
    TokenizerFolderTest noTemplate = json(tree -> tree.putNull("post_processor"));
    assertAround(NONE, NONE, noTemplate.with("tokenizer_config.json", addsBos).read());

    TokenizerFolderTest both =
        json(tree -> {
          ObjectNode template = (ObjectNode) tree.get("post_processor");
          ArrayNode single = (ArrayNode) template.get("single");
          single.addObject().putObject("SpecialToken").put("id", "</s>").put("type_id", 0);
          ((ObjectNode) template.get("special_tokens"))
              .putObject("</s>")
              .put("id", "</s>")
              .putArray("ids")
              .add(2);
        });
    assertAround(BOS, EOS, both.read());
    assertEquals(OptionalInt.of(2), both.read().eos());
    assertEquals(
        OptionalInt.of(513), both.with("tokenizer_config.json", noBos).read().eos(), "as said");
  }

  @Test
  void aTokenizerJsonGetsAddedTokensToo() throws IOException {
    String more = "{\"added_tokens_decoder\":{\"514\":{\"content\":\"<x>\",\"special\":true}}}";
    Tokenizer tokenizer = json().with("tokenizer_config.json", more).read().tokenizer();
    assertEquals(515, tokenizer.vocabSize());
    assertEquals(512, tokenizer.trainedSize());
    assertArrayEquals(new int[] {514, 412, 513}, tokenizer.encodeWithSpecials(TEXT));
    String message = json().with("tokenizer_config.json", more.replace("514", "600")).refusal();
    assertTrue(message.startsWith("dir/tokenizer.json: "), message);
    assertTrue(message.contains("'<x>' has id 600, the next free id is 514"), message);
  }

  @Test
  void theTokenizerThatKnowsMoreTokensCounts() throws IOException {
    TokenizerFolder larger = model().and(json()).read();
    assertEquals(514, larger.tokenizer().vocabSize());
    assertArrayEquals(
        new int[] {512, 441, 416, 331, 407, 513},
        larger.tokenizer().encodeWithSpecials("<|im_start|>Once upon<|im_end|>"));

    String small =
        """
        {"added_tokens": [], "decoder": {"type": "ByteLevel"},
         "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": []}}
        """;
    assertEquals(512, model().with("tokenizer.json", small).read().tokenizer().vocabSize());
  }

  private static void dropAdded(ObjectNode tree) {
    ArrayNode added = (ArrayNode) tree.get("added_tokens");
    added.remove(4);
    added.remove(3);
  }

  @Test
  void ofTwoWithTheSameTokensTheJsonCountsIfItIsRead() throws IOException {
    TokenizerFolder same = model().and(json(TokenizerFolderTest::dropAdded)).read();
    assertInstanceOf(JsonTokenizer.class, same.tokenizer());
    TokenizerFolderTest unread =
        json(tree -> {
          dropAdded(tree);
          tree.putObject("normalizer").put("type", "Lowercase");
        });
    assertInstanceOf(SentencePieceTokenizer.class, model().and(unread).read().tokenizer());
  }

  @Test
  void aLargerJsonThatIsNotReadIsRefusedAndAModelOfAnotherKindIsNot() throws IOException {
    TokenizerFolderTest unread =
        json(tree -> tree.putObject("normalizer").put("type", "Lowercase"));
    String message = model().and(unread).refusal();
    assertTrue(message.startsWith("dir/tokenizer.json: "), message);
    assertTrue(message.contains("Lowercase"), message);
    TokenizerFolderTest tiktoken = json().with("tokenizer.model", "IQ== 0\nIg== 1\n");
    assertEquals(514, tiktoken.read().tokenizer().vocabSize());
  }

  @Test
  void mistakesAreRefusedByName() throws IOException {
    for (String[] mistake :
        new String[][] {
          {"{\"add_bos_token\":1}", "add_bos_token is 1"},
          {"{\"eos_token\":5}", "a token is 5"},
          {"[1]", "not an object"},
          {"{", "not valid JSON"},
          {"{\"added_tokens_decoder\":{\"x\":{\"content\":\"<x>\"}}}", "holds \"x\""},
          {"{\"added_tokens_decoder\":{\"512\":{}}}", "must be a text"}
        }) {
      String message = model(mistake[0]).refusal();
      assertTrue(message.startsWith("dir/tokenizer_config.json: "), message);
      assertTrue(message.contains(mistake[1]), message);
    }
    String message = model("{}").with("added_tokens.json", "{\"<x>\":-1}").refusal();
    assertTrue(message.startsWith("dir/added_tokens.json: holds \"<x>\": -1"), message);
  }
}
