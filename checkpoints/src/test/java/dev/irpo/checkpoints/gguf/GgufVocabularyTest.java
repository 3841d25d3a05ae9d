package dev.irpo.checkpoints.gguf;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.gguf.GgufWriter.concat;
import static dev.irpo.checkpoints.gguf.GgufWriter.int32;
import static dev.irpo.checkpoints.gguf.GgufWriter.int64;
import static dev.irpo.checkpoints.gguf.GgufWriter.string;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ForeignModels;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.EmbeddedTokenizer;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The tokenizer inside a file with three tokens.
class GgufVocabularyTest {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final int STRINGS = 8;
  private static final int FLOATS = 6;
  private static final int INTEGERS = 5;
  private static final int BOOLEAN = 7;

  @TempDir private Path folder;
  private final GgufWriter writer =
      ForeignModels.gguf(ForeignModels.model(DType.F32, 3, false), 4, 10_000);

  private void put(String key, Object value) {
    writer.values.put(PREFIX + key, value);
  }

  private void putArray(String key, int type, int length, byte[]... elements) {
    put(key, new GgufWriter.Raw(9, concat(int32(type), int64(length), concat(elements))));
  }

  private static byte[] bits(float value) {
    return int32(Float.floatToRawIntBits(value));
  }

  private GgufVocabularyTest complete() {
    put("model", "llama");
    putArray("tokens", STRINGS, 3, string("<unk>"), string("a b"), string("ü"));
    putArray("scores", FLOATS, 3, bits(0), bits(-1.5f), bits(2.25f));
    putArray("token_type", INTEGERS, 3, int32(1), int32(6), int32(3));
    putArray("merges", STRINGS, 2, string("a b"), string("c d"));
    put("eos_token_id", 2);
    put("add_bos_token", new GgufWriter.Raw(BOOLEAN, new byte[] {0}));
    return this;
  }

  private Path write() throws IOException {
    return Files.write(folder.resolve("m.gguf"), writer.bytes());
  }

  /// Opens the file and asks its vocabulary.
  private Object ask(Function<GgufVocabulary, Object> question) throws IOException {
    Object[] answer = new Object[1];
    Function<EmbeddedTokenizer, TokenizerFiles> asking =
        inside -> {
          answer[0] = question.apply((GgufVocabulary) inside);
          return TokenizerFiles.none();
        };
    try (StoredModel model = ModelFormats.open(write(), Optional.empty(), asking)) {
      assertTrue(model.hasTokenizerInside());
      assertEquals(List.of(), model.tokenizers());
      assertTrue(model.tokenizerFiles().contents().isEmpty());
    }
    return answer[0];
  }

  private void refused(
      Consumer<GgufVocabularyTest> change,
      Function<GgufVocabulary, Object> question,
      String message) {
    complete();
    change.accept(this);
    assertRefused(
        () -> ask(question),
        "m.gguf: " + PREFIX + message,
        "; name a tokenizer.model or .json with --tokenizer");
  }

  @Test
  void whatTheFileSaysIsHandedOutInItsOrder() throws IOException {
    complete();
    assertEquals(List.of("<unk>", "a b", "ü"), ask(GgufVocabulary::tokens));
    assertArrayEquals(new float[] {0, -1.5f, 2.25f}, (float[]) ask(GgufVocabulary::scores));
    assertArrayEquals(new int[] {1, 6, 3}, (int[]) ask(GgufVocabulary::types));
    assertEquals(List.of("a b", "c d"), ask(GgufVocabulary::merges));
    assertEquals("llama", ask(GgufVocabulary::kind));
    assertEquals(2, ask(vocabulary -> vocabulary.id("eos_token_id", -1)));
    assertEquals(false, ask(vocabulary -> vocabulary.flag("add_bos_token", true)));
    assertEquals(folder.resolve("m.gguf"), ask(GgufVocabulary::file));
  }

  @Test
  void whatTheFileDoesNotSayIsWhatTheCallerSays() throws IOException {
    complete();
    assertEquals("default", ask(GgufVocabulary::preTokenizer));
    assertEquals(-1, ask(vocabulary -> vocabulary.id("unknown_token_id", -1)));
    assertEquals(0, ask(vocabulary -> vocabulary.id("unknown_token_id", 0)));
    assertEquals(true, ask(vocabulary -> vocabulary.flag("add_eos_token", true)));
    put("pre", "llama-bpe");
    assertEquals("llama-bpe", ask(GgufVocabulary::preTokenizer));
  }

  @Test
  void modelsThatSayTheyHaveNoTokenizerHaveNone() throws IOException {
    for (String none : List.of("none", "no_vocab", "")) {
      if (!none.isEmpty()) {
        put("model", none);
      }
      try (StoredModel model =
          ModelFormats.open(write(), Optional.empty(), _ -> TokenizerFiles.none())) {
        assertFalse(model.hasTokenizerInside(), none);
      }
      writer.values.remove(PREFIX + "model");
    }
  }

  @Test
  void aGivenTokenizerIsUsedInsteadOfTheOneInside() throws IOException {
    complete();
    Path given = Files.write(folder.resolve("own.model"), new byte[] {5});
    try (StoredModel model =
        ModelFormats.open(write(), Optional.of(given), _ -> TokenizerFiles.none())) {
      assertFalse(model.hasTokenizerInside());
      assertEquals(List.of(given), model.tokenizers());
      assertArrayEquals(new byte[] {5}, model.tokenizerFiles().sentencePiece().orElseThrow());
    }
  }

  @Test
  void arraysOfAnotherLengthOrTypeAreRefused() {
    Function<GgufVocabulary, Object> tokens = GgufVocabulary::tokens;
    Function<GgufVocabulary, Object> scores = GgufVocabulary::scores;
    Function<GgufVocabulary, Object> types = GgufVocabulary::types;
    refused(
        test ->
            test.putArray("tokens", STRINGS, 4, string("a"), string("b"), string("c"), string("d")),
        tokens,
        "tokens has 4 elements, token_embd.weight has 3 rows");
    refused(
        test -> test.putArray("scores", FLOATS, 2, bits(0), bits(0)),
        scores,
        "scores has 2 elements, tokenizer.ggml.tokens has 3");
    refused(
        test -> test.putArray("token_type", INTEGERS, 1, int32(1)),
        types,
        "token_type has 1 elements");
    refused(test -> test.put("tokens", 7), tokens, "tokens is 7, it must be an array");
    refused(
        test -> test.writer.values.remove(PREFIX + "scores"),
        scores,
        "scores is missing, it must be an array");
    refused(
        test -> test.putArray("tokens", INTEGERS, 3, int32(1), int32(1), int32(1)),
        tokens,
        "tokens has elements of type INT32, strings (STRING) are read");
    refused(
        test -> test.putArray("scores", INTEGERS, 3, int32(1), int32(1), int32(1)),
        scores,
        "scores has elements of type INT32, 32-bit floating-point numbers (FLOAT32) are read");
    refused(
        test -> test.putArray("token_type", FLOATS, 3, bits(1), bits(1), bits(1)),
        types,
        "token_type has elements of type FLOAT32, 32-bit whole numbers (INT32) are read");
  }

  @Test
  void rowsBeyondTheTokensArePaddingWhetherTheyHaveTokensOrNot() throws IOException {
    complete();
    putArray("tokens", STRINGS, 2, string("<unk>"), string("a"));
    putArray("token_type", INTEGERS, 2, int32(2), int32(1));
    assertEquals(List.of("<unk>", "a"), ask(GgufVocabulary::tokens));
    putArray("tokens", STRINGS, 3, string("<unk>"), string("a"), string("[PAD2]"));
    putArray("token_type", INTEGERS, 3, int32(2), int32(1), int32(5));
    assertEquals(List.of("<unk>", "a"), ask(GgufVocabulary::tokens));
    assertArrayEquals(new int[] {2, 1}, (int[]) ask(GgufVocabulary::types));
    assertArrayEquals(new float[] {0, -1.5f}, (float[]) ask(GgufVocabulary::scores));
    putArray("token_type", INTEGERS, 3, int32(2), int32(1), int32(1));
    assertEquals(List.of("<unk>", "a", "[PAD2]"), ask(GgufVocabulary::tokens));
  }

  @Test
  void whatEndsATextByItsNameIsAControlTokenAndEndsIt() throws IOException {
    complete().putArray("tokens", STRINGS, 3, string("<unk>"), string("<|im_end|>"), string("a"));
    putArray("token_type", INTEGERS, 3, int32(2), int32(4), int32(1));
    assertArrayEquals(new int[] {2, 3, 1}, (int[]) ask(GgufVocabulary::types));
    put("eom_token_id", 0);
    try (StoredModel model = ModelFormats.open(write())) {
      assertEquals("[2,0,1]", model.config().path("eos_token_id").toString());
    }
    putArray("tokens", STRINGS, 3, string("<unk>"), string("b"), string("a"));
    writer.values.remove(PREFIX + "eom_token_id");
    writer.values.remove(PREFIX + "eos_token_id");
    put("model", "gpt2");
    try (StoredModel model = ModelFormats.open(write())) {
      assertTrue(model.config().path("eos_token_id").isNull());
    }
  }

  @Test
  void kindsAndIdsOutOfRangeAreRefused() {
    for (int type : new int[] {0, 7}) {
      refused(
          test -> test.putArray("token_type", INTEGERS, 3, int32(1), int32(type), int32(1)),
          GgufVocabulary::types,
          "token_type of token 1 is %d, 1 to 6 are read".formatted(type));
    }
    Function<GgufVocabulary, Object> id = vocabulary -> vocabulary.id("cls_token_id", -1);
    refused(
        test -> test.put("cls_token_id", 3), id, "cls_token_id is 3, the vocabulary has 3 tokens");
    refused(
        test -> test.put("cls_token_id", new GgufWriter.Raw(INTEGERS, int32(-2))),
        id,
        "cls_token_id is -2, the vocabulary");
    refused(test -> test.put("cls_token_id", "x"), id, "cls_token_id is x, the vocabulary");
  }

  @Test
  void namesAndTruthValuesOfAnotherTypeAreRefused() {
    refused(
        test -> test.put("pre", 4), GgufVocabulary::preTokenizer, "pre is 4, it must be a name");
    refused(
        test -> test.put("add_bos_token", 1),
        vocabulary -> vocabulary.flag("add_bos_token", true),
        "add_bos_token is 1, it must be true or false");
  }

  @Test
  void textsThatAreTooLongOrNotUtf8AreRefused() throws IOException {
    String longest = "x".repeat(1024);
    complete().putArray("tokens", STRINGS, 3, string(longest), string(""), string("b"));
    assertEquals(List.of(longest, "", "b"), ask(GgufVocabulary::tokens));
    refused(
        test ->
            test.putArray("tokens", STRINGS, 3, string("a"), string(longest + "x"), string("b")),
        GgufVocabulary::tokens,
        "tokens has element 1 of 1025 bytes, at most 1024 are read");
    refused(
        test ->
            test.putArray(
                "tokens",
                STRINGS,
                3,
                string("a"),
                string("b"),
                concat(int64(2), new byte[] {(byte) 0xc3, 'a'})),
        GgufVocabulary::tokens,
        "tokens has element 2, which is not UTF-8");
    int count = 16_257; // of 1,032 bytes: 2²⁴ and 8 more
    byte[][] merges = new byte[count][];
    Arrays.fill(merges, string(longest));
    refused(
        test -> test.putArray("merges", STRINGS, count, merges),
        GgufVocabulary::merges,
        "merges has 16777224 bytes, at most 16777216 are read");
  }
}
