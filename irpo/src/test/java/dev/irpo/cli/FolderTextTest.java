package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.model.TextRules;
import dev.irpo.testdata.ForeignData;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Folders whose files contradict each other, and what every command makes of their texts; the
/// values are those of the data's own page.
class FolderTextTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String LILY =
      "{\"prompt\":\"Once upon a time\",\"response\":\" there was a little girl named Lily.\"}";
  private static final String PROUD = "{\"prompt\":\"Lily said, \\\"I am so\"}";
  private static final double TOLERANCE = 5e-4;

  @TempDir private Path folder;

  private static Path report(String name) {
    return ForeignData.path("reports/" + name);
  }

  private static TextRules rules(String name) throws IOException {
    try (StoredModel stored = ModelFiles.open(report(name), Optional.empty())) {
      LlamaConfig config = LanguageModel.configOf(stored);
      return TextRules.of(stored.tokenizerFiles(), config).orElseThrow();
    }
  }

  private static double score(Path model, String line, Object... options) throws IOException {
    List<Object> arguments = new ArrayList<>(List.of("score", "--model", model));
    arguments.addAll(List.of(options));
    return CommandLineRun.of(line, arguments.toArray())
        .lines()
        .getFirst()
        .path("logProb")
        .asDouble();
  }

  private static JsonNode sample(Path model, String line, Object... options) throws IOException {
    List<Object> arguments =
        new ArrayList<>(List.of("sample", "--model", model, "--temperature", 0));
    arguments.addAll(List.of(options));
    return CommandLineRun.of(line, arguments.toArray()).lines().getFirst();
  }

  @ParameterizedTest
  @CsvSource({
    "hf-base, -5.2991",
    "hf-added-tokens-beside-model, -5.2991",
    "hf-padded-rows, -5.2991",
    "hf-config-bos-0, -5.2991",
    "hf-bos-null, -5.2991",
    "hf-add-bos-false, -5.2576"
  })
  void aTextBeginsAsTheTokenizerSaysBeforeAndAfterConversion(String name, double right)
      throws IOException {
    Path model = report(name);
    assertEquals(right, score(model, LILY), TOLERANCE);
    Path converted = folder.resolve("converted");
    CommandLineRun.of("", "convert", "--from", model, "--to", converted).requireSuccess();
    assertEquals(score(model, LILY), score(converted, LILY));
  }

  @Test
  void rowsBeyondTheTokensAreNeverDrawn() throws IOException {
    List<JsonNode> samples =
        CommandLineRun.of(
                "{\"prompt\":\"Once\"}",
                "sample",
                "--model",
                report("hf-padded-rows"),
                "-n",
                64,
                "--temperature",
                100,
                "--max-new-tokens",
                40)
            .lines();
    int drawn = 0;
    for (JsonNode sample : samples) {
      for (JsonNode id : sample.path("ids")) {
        assertTrue(id.asInt() < 512, id + " is padding");
        drawn++;
      }
    }
    assertTrue(drawn > 1000, "only " + drawn);
  }

  @Test
  void aTrainingTextEndsWithTheTokenizersEndAndSamplingStopsAtAny() throws IOException {
    Path model = report("hf-two-eos");
    JsonNode sampled = sample(model, "{\"prompt\":\"Once upon a time\"}");
    assertEquals("[432,383,286,261,376,298,315,421,395,317,426]", sampled.path("ids").toString());
    assertEquals("stop", sampled.path("finish").asText());
    assertEquals(Set.of(2, 426), Set.copyOf(rules("hf-two-eos").stopIds()));
    int scored = 3; // ▁sa t .
    assertEquals(15.0605 / scored, firstLoss(model, " sat"), 1e-4);
  }

  /// The loss per token of the response to `The cat` in the first step of supervised training.
  private double firstLoss(Path model, String response, Object... options) throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"prompt\":\"The cat\",\"response\":\"" + response + "\"}\n");
    Path out = Files.createTempDirectory(folder, "sft").resolve("out");
    List<Object> arguments =
        new ArrayList<>(List.of("sft", "--model", model, "--data", data, "--out", out));
    arguments.addAll(List.of("--set", "train.steps=1"));
    arguments.addAll(List.of(options));
    CommandLineRun.of("", arguments.toArray()).requireSuccess();
    String line = Files.readAllLines(out.resolve("metrics.jsonl")).getFirst();
    return MAPPER.readTree(line).path("loss").asDouble();
  }

  @Test
  void aTextThatEndsWithItsEndTokenIsFinishedOnce() throws IOException {
    Path model = report("hf-base");
    assertEquals(firstLoss(model, " sat."), firstLoss(model, " sat.</s>", "--specials"));
  }

  @Test
  void anEndOfTurnThatAGgufFileKnowsByItsTextEnds() throws IOException {
    Path converted = folder.resolve("converted");
    Path gguf = report("g-eot-by-text.gguf");
    CommandLineRun.of("", "convert", "--from", gguf, "--to", converted).requireSuccess();
    for (Path model : List.of(gguf, converted)) {
      JsonNode sampled = sample(model, "{\"prompt\":\"Once upon a time\"}");
      assertEquals("[432,383,286,261,376,298,315,421,395,317,426]", sampled.path("ids").toString());
      assertEquals("stop", sampled.path("finish").asText());
      assertEquals(", there was a little girl named Lily", sampled.path("text").asText());
    }
  }

  @Test
  void inspectSaysWhatTheRulesAre() {
    CommandLineRun run = CommandLineRun.of("", "inspect", report("hf-added-tokens-beside-model"));
    run.requireSuccess();
    assertTrue(
        run.out()
            .contains(
                "texts      514 tokens; before a text: <s>; after it: nothing; to learn from it"
                    + " ends with: <|im_end|>; sampling ends at: <|im_end|> </s>\n"),
        run.out());
  }

  @Test
  void controlTokensOfTheLargerTokenizerAreRead() throws IOException {
    Path model = report("hf-added-tokens-beside-model");
    String text = "{\"text\":\"<|im_start|>Once upon<|im_end|>\"}";
    assertEquals(
        "[512,441,416,331,407,513]",
        CommandLineRun.of(text, "tokenize", "--specials", "--model", model)
            .lines()
            .getFirst()
            .path("ids")
            .toString());
    int[] begun = rules("hf-added-tokens-beside-model").promptIds("Once upon a time");
    assertArrayEquals(new int[] {1, 403, 407, 261, 378}, begun);
  }

  @Test
  void byteLevelTextsMeetWhereTheirTokensDo() throws IOException {
    String lines =
        """
        {"prompt":"a","response":""}
        {"prompt":"a","response":"\\nb"}
        {"prompt":"a\\n","response":"b"}
        """;
    List<JsonNode> scores =
        CommandLineRun.of(lines, "score", "--model", report("hf-bytelevel")).lines();
    assertEquals(0, scores.get(0).path("tokenLogProbs").size());
    assertEquals(0, scores.get(0).path("logProb").asDouble());
    assertEquals(2, scores.get(1).path("tokenLogProbs").size());
    assertEquals(1, scores.get(2).path("tokenLogProbs").size());
  }

  @ParameterizedTest
  @CsvSource({
    "'{\"prompt\":\"Once upon a time\"}', ', there was', -1.331",
    "'" + PROUD + "', ' proud of you', -7.927"
  })
  void whatIsPrintedScoresAsItWasSampled(String line, String begin, double logProb)
      throws IOException {
    JsonNode sampled = sample(report("hf-base"), line, "--max-new-tokens", 12);
    String text = sampled.path("text").asText();
    assertTrue(text.startsWith(begin), text);
    assertEquals(logProb, sampled.path("logProb").asDouble(), TOLERANCE);
    ObjectNode scored = (ObjectNode) MAPPER.readTree(line);
    scored.put("response", text);
    assertEquals(sampled.path("logProb").asDouble(), score(report("hf-base"), scored.toString()));
    TextRules rules = rules("hf-base");
    String prompt = scored.path("prompt").asText();
    int[] sampledIds = MAPPER.convertValue(sampled.path("ids"), int[].class);
    int[] ids =
        IntStream.concat(Arrays.stream(rules.promptIds(prompt)), Arrays.stream(sampledIds))
            .toArray();
    assertEquals(prompt + text, rules.tokenizer().decode(ids));
  }

  @Test
  void aStopTextWithItsSpaceEndsAtTheFirstToken() throws IOException {
    JsonNode stopped = sample(report("hf-base"), PROUD, "--stop", " proud");
    assertEquals("", stopped.path("text").asText());
    assertEquals("stop", stopped.path("finish").asText());
  }

  @Test
  void controlTokensInATextAreRefusedOrRead() throws IOException {
    Path model = report("hf-base");
    String line = "{\"prompt\":\"Once upon a time\",\"response\":\" there</s>\"}";
    CommandLineRun.of(line, "score", "--model", model)
        .requireRefused("standard input line 1", "the response spells", "'</s>'", "--specials");
    CommandLineRun.of("{\"prompt\":\"<s>Once\"}", "sample", "--model", model)
        .requireRefused("standard input line 1", "the prompt spells", "'<s>'");
    String ids = "{\"promptIds\":[1,403,407,261,378],\"responseIds\":[383,2]}";
    assertEquals(score(model, ids), score(model, line, "--specials"));
    String begun = LILY.replace("Once", "<s>Once");
    assertEquals(score(model, LILY), score(model, begun, "--specials"), "BOS once");
    Path data = folder.resolve("pairs.jsonl");
    Files.writeString(data, "{\"prompt\":\"a\",\"chosen\":\" b</s>\",\"rejected\":\" c</s>\"}\n");
    CommandLineRun.of(
            "", "train", "--policy", model, "--pairs", data, "--out", folder.resolve("out"))
        .requireRefused("pairs.jsonl line 1", "'</s>'", "--specials");
  }
}
