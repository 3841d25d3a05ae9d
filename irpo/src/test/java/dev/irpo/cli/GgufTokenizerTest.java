package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.CodedInputStream;
import dev.irpo.TestData;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.tokenizer.SentencePieceTokenizer;
import dev.irpo.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The tokenizer inside a GGUF file is used and converted like one that lies beside it.
class GgufTokenizerTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  @TempDir private Path folder;

  /// The pieces of a `tokenizer.model`, a protobuf: text 1, score 2, kind 3.
  private static GgufLlama llama2() throws IOException {
    Path file = ForeignData.path("llama2-tokenizer/tokenizer.model");
    List<String> tokens = new ArrayList<>();
    List<Float> scores = new ArrayList<>();
    List<Integer> types = new ArrayList<>();
    var in = CodedInputStream.newInstance(Files.readAllBytes(file));
    for (int tag = in.readTag(); tag == (1 << 3 | 2); tag = in.readTag()) {
      var piece = in.readBytes().newCodedInput();
      int type = 1;
      for (int field = piece.readTag(); field != 0; field = piece.readTag()) {
        switch (field >>> 3) {
          case 1 -> tokens.add(piece.readStringRequireUtf8());
          case 2 -> scores.add(piece.readFloat());
          default -> type = piece.readEnum();
        }
      }
      types.add(type);
    }
    float[] values = new float[scores.size()];
    for (int id = 0; id < values.length; id++) {
      values[id] = scores.get(id);
    }
    return new GgufLlama(tokens.size())
        .with("tokenizer.ggml.model", "llama")
        .with("tokenizer.ggml.tokens", tokens)
        .with("tokenizer.ggml.scores", values)
        .with("tokenizer.ggml.token_type", types.stream().mapToInt(Integer::intValue).toArray())
        .with("tokenizer.ggml.bos_token_id", 1)
        .with("tokenizer.ggml.eos_token_id", 2)
        .with("tokenizer.ggml.unknown_token_id", 0);
  }

  private static List<JsonNode> golden() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(GoldenFiles.path("llama2-tokens.jsonl"))) {
      rows.add(MAPPER.readTree(line));
    }
    return rows;
  }

  private static int[] ids(JsonNode row) {
    return MAPPER.convertValue(row.get("ids"), int[].class);
  }

  @Test
  void llama2sVocabularyGivesTheGoldenIdsBeforeAndAfterConversion() throws IOException {
    Path gguf = llama2().write(folder.resolve("m.gguf"));
    Path converted = folder.resolve("converted");
    CommandLineRun.of("", "convert", "--from", gguf, "--to", converted).requireSuccess();
    StringBuilder texts = new StringBuilder();
    for (JsonNode row : golden()) {
      texts.append(MAPPER.createObjectNode().put("text", row.get("text").asText())).append('\n');
    }
    List<JsonNode> inside =
        CommandLineRun.of(texts.toString(), "tokenize", "--model", gguf).lines();
    Tokenizer written = SentencePieceTokenizer.load(converted.resolve("tokenizer.model"));
    for (int i = 0; i < inside.size(); i++) {
      JsonNode row = golden().get(i);
      assertArrayEquals(ids(row), ids(inside.get(i)), row.toString());
      assertArrayEquals(ids(row), written.encode(row.get("text").asText()), row.toString());
      assertEquals(row.get("decoded").asText(), written.decode(ids(row)));
    }
    assertEquals(golden().size(), inside.size());
  }

  private static GgufLlama byteLevel() {
    List<String> tokens = List.of("1", "2", "12", "Ġ", "Ġ1", "a", "<|begin|>", "<|end|>");
    return new GgufLlama(tokens.size())
        .with("tokenizer.ggml.model", "gpt2")
        .with("tokenizer.ggml.pre", "llama-bpe")
        .with("tokenizer.ggml.tokens", tokens)
        .with("tokenizer.ggml.token_type", new int[] {1, 1, 1, 1, 1, 1, 3, 3})
        .with("tokenizer.ggml.merges", List.of("1 2", "Ġ 1"))
        .with("tokenizer.ggml.bos_token_id", 6)
        .with("tokenizer.ggml.eos_token_id", 7);
  }

  /// Pieces in the order of their merging.
  private static GgufLlama pieces() {
    List<String> tokens = List.of("<unk>", "<s>", "</s>", "▁", "a", "b", "ab", "▁a", "[PAD8]");
    return new GgufLlama(tokens.size())
        .with("tokenizer.ggml.model", "llama")
        .with("tokenizer.ggml.tokens", tokens)
        .with("tokenizer.ggml.scores", new float[] {0, 0, 0, -5, -6, -7, -1, -2, -1000})
        .with("tokenizer.ggml.token_type", new int[] {2, 3, 3, 1, 1, 1, 1, 1, 5});
  }

  private String ids(GgufLlama gguf, String text, String... options) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("tokenize", "--model"));
    arguments.add(gguf.write(folder.resolve("m.gguf")));
    arguments.addAll(List.of(options));
    JsonNode line = MAPPER.createObjectNode().put("text", text);
    return CommandLineRun.of(line.toString(), arguments.toArray())
        .lines()
        .getFirst()
        .get("ids")
        .toString();
  }

  @Test
  void theNameOfThePreTokenizerSaysHowDigitsAreCut() throws IOException {
    assertEquals("[2,3,2,5]", ids(byteLevel(), "12 12a"));
    GgufLlama gpt2 = byteLevel().with("tokenizer.ggml.pre", "gpt-2");
    assertEquals("[2,3,2,5]", ids(gpt2, "12 12a"));
    GgufLlama smollm = byteLevel().with("tokenizer.ggml.pre", "smollm");
    assertEquals("[0,1,3,0,1,5]", ids(smollm, "12 12a"));
    GgufLlama qwen = byteLevel().with("tokenizer.ggml.pre", "qwen2");
    assertEquals("[0,1,3,0,1,5]", ids(qwen, "12 12a"));
    assertEquals("[6,5]", ids(byteLevel(), "<|begin|>a", "--specials"));
  }

  @Test
  void scoresOrderTheMergesAndPaddingIsNeverWritten() throws IOException {
    assertEquals("[3,6]", ids(pieces(), "ab"));
    assertEquals("[7,4]", ids(pieces(), "aa"));
    assertEquals("[6]", ids(pieces().with("tokenizer.ggml.add_space_prefix", false), "ab"));
  }

  @Test
  void whatBeginsATextIsKeptByConversion() throws IOException {
    assertEquals(6, bosId(byteLevel()));
    assertEquals(-1, bosId(byteLevel().with("tokenizer.ggml.add_bos_token", false)));
    assertEquals(-1, bosId(byteLevel().with("tokenizer.ggml.pre", "gpt-2")));
    assertEquals(1, bosId(pieces()));
    assertEquals(-1, bosId(pieces().with("tokenizer.ggml.add_bos_token", false)));
  }

  /// What a converted model puts before a prompt, or -1.
  private int bosId(GgufLlama gguf) throws IOException {
    Path converted = Files.createTempDirectory(folder, "converted").resolve("model");
    Path file = gguf.write(folder.resolve("m.gguf"));
    CommandLineRun.of("", "convert", "--from", file, "--to", converted).requireSuccess();
    try (Backend backend = new CpuBackend(1)) {
      int[] ids = TestData.open(backend, converted).text().promptIds("a");
      int[] plain = TestData.open(backend, converted).text().tokenizer().encode("a");
      return ids.length > plain.length ? ids[0] : -1;
    }
  }

  @Test
  void aNamedTokenizerOverridesTheOneInside() throws IOException {
    Path other = Files.write(folder.resolve("o.model"), TestData.tokenizer(400).toBytes());
    Path gguf = new GgufLlama(400).with("tokenizer.ggml.model", "bert").write(folder.resolve("g"));
    String line = "{\"promptIds\":[1],\"responseIds\":[5]}";
    CommandLineRun.of(line, "score", "--model", gguf)
        .requireRefused(gguf, "tokenizer.ggml.model is bert", "llama and gpt2", "--tokenizer");
    CommandLineRun.of(line, "score", "--model", gguf, "--tokenizer", other).requireSuccess();
    CommandLineRun.of("", "inspect", gguf).requireSuccess();
  }

  @Test
  void withoutOneInsideTheOneBesideCounts() throws IOException {
    Path gguf = new GgufLlama(400).with("tokenizer.ggml.model", "none").write(folder.resolve("g"));
    CommandLineRun.of("{\"text\":\"a\"}", "tokenize", "--model", gguf)
        .requireRefused(gguf, "no tokenizer inside", "--tokenizer");
    Files.write(folder.resolve("tokenizer.model"), TestData.tokenizer(400).toBytes());
    CommandLineRun.of("{\"text\":\"a\"}", "tokenize", "--model", gguf).requireSuccess();
  }

  @Test
  void damagedAndForeignVocabulariesAreRefusedInOneLine() throws IOException {
    refused(pieces(), "tokens", Collections.nCopies(10, "a"), "has 10 elements", "has 9 rows");
    refused(pieces(), "tokens", List.of("<unk>"), "has 9 elements", "tokens has 1");
    refused(pieces(), "tokens", new int[9], "type INT32", "strings");
    refused(pieces(), "tokens", "a", "tokens is a", "array");
    List<String> endless = Collections.nCopies(9, "b".repeat(1025));
    refused(pieces(), "tokens", endless, "element 0 of 1025 bytes", "1024");
    List<String> many = Collections.nCopies(1 << 15, "b".repeat(512));
    refused(pieces(), "tokens", many, "has 17039360 bytes", "16777216");
    refused(pieces(), "scores", new float[8], "has 8 elements", "has 9");
    refused(pieces(), "scores", new int[9], "type INT32", "floating-point");
    refused(pieces(), "scores", new float[9], "all normal tokens are 0.0");
    refused(pieces(), "scores", new float[] {0, 0, 0, Float.NaN, 1, 2, 3, 4, 5}, "token 3 is NaN");
    refused(pieces(), "token_type", new int[10], "has 10 elements", "has 9");
    refused(pieces(), "token_type", new int[9], "of token 0 is 0");
    refused(pieces(), "token_type", new int[] {2, 3, 3, 1, 1, 1, 1, 5, 5}, "piece 7", "kind 5");
    refused(pieces(), "model", 7, "model is 7", "name");
    refused(pieces(), "bos_token_id", 8, "bos_token_id is 8", "8 tokens");
    refused(pieces(), "add_space_prefix", 1, "add_space_prefix is 1", "true or false");
    refused(byteLevel(), "pre", "tekken", "pre is tekken", "llama-bpe, qwen2, smollm and gpt-2");
    refused(byteLevel(), "merges", List.of("1 a"), "names '1a'");
    refused(byteLevel(), "token_type", GgufLlama.all(8, 6), "token 0 is 6");
    GgufLlama noPre = byteLevel();
    noPre.values.remove("tokenizer.ggml.pre");
    refused(noPre, "pre is default");
    GgufLlama noMerges = byteLevel();
    noMerges.values.remove("tokenizer.ggml.merges");
    refused(noMerges, "merges is missing", "--tokenizer");
    GgufLlama noTokens = pieces();
    noTokens.values.remove("tokenizer.ggml.tokens");
    refused(noTokens, "tokens is missing", "--tokenizer");
  }

  private void refused(GgufLlama gguf, String key, Object value, Object... facts)
      throws IOException {
    refused(gguf.with("tokenizer.ggml." + key, value), facts);
  }

  private void refused(GgufLlama gguf, Object... facts) throws IOException {
    Path file = gguf.write(folder.resolve("m.gguf"));
    Path target = folder.resolve("to");
    CommandLineRun run = CommandLineRun.of("", "convert", "--from", file, "--to", target);
    run.requireRefused(file);
    run.requireRefused(facts);
    assertFalse(Files.exists(target), "something half-written is left");
  }
}
