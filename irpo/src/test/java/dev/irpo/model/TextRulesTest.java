package dev.irpo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.testdata.ForeignData;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.decode.StopCondition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

class TextRulesTest {
  private static LlamaConfig config(int rows, Integer... ends) {
    return new LlamaConfig(rows, 8, 8, 1, 1, 1, 8, 64, 10000, 1e-5, true, -1, List.of(ends));
  }

  /// The pieces of stories260K under a `tokenizer_config.json`.
  private static TokenizerFiles files(String config) throws IOException {
    byte[] model = Files.readAllBytes(ForeignData.path("stories260K/tok512.model"));
    TokenizerFiles files = TokenizerFiles.sentencePiece(model);
    return config.isEmpty()
        ? files
        : files.with(TokenizerFiles.CONFIG, config.getBytes(StandardCharsets.UTF_8));
  }

  private static TextRules rules(String config, LlamaConfig model) throws IOException {
    return TextRules.of(files(config), model).orElseThrow();
  }

  private static TextRules rules() throws IOException {
    return rules("", config(512, 2));
  }

  @Test
  void aResponseIsWhatThePromptAndItHaveAfterThePrompt() throws IOException {
    TextRules rules = rules();
    int[] prompt = rules.promptIds("Once upon a time");
    assertArrayEquals(new int[] {1, 403, 407, 261, 378}, prompt);
    int[] response = rules.responseIds("Once upon a time", ", there was");
    assertArrayEquals(new int[] {432, 383, 286}, response);
    assertEquals(", there was", rules.text(prompt, response));
    assertEquals(0, rules.responseIds("Once upon a time", "").length);
    assertEquals("", rules.text(prompt, new int[0]));
  }

  @Test
  void whereTokensSpanTheBorderBothPartsCount() throws IOException {
    TextRules rules = rules();
    int[] prompt = rules.promptIds("Once upon a ti");
    int[] response = rules.responseIds("Once upon a ti", "me");
    assertEquals("me", rules.text(prompt, response));
    assertArrayEquals(new int[] {378}, rules.responseIds("Once upon a", " time"));
    int[] afterSpace = rules.responseIds("Once upon a ", "time");
    assertEquals("time", rules.text(rules.promptIds("Once upon a "), afterSpace));
    assertTrue(!rules.tokenizer().piece(afterSpace[0]).startsWith("▁"));
  }

  @Test
  void aTextIsFinishedOnce() throws IOException {
    TextRules rules = rules();
    assertArrayEquals(new int[] {383, 2}, rules.finishedResponseIds("a", " there"));
    assertArrayEquals(new int[] {2}, rules.finishedResponseIds("a", ""));
    TextRules reading = rules.readingSpecials();
    assertArrayEquals(new int[] {383, 2}, reading.finishedResponseIds("a", " there</s>"));
    assertArrayEquals(new int[] {383, 2}, reading.responseIds("a", " there</s>"));

    TextRules full = rules("{\"eos_token\":\".\"}", config(512, 2));
    assertArrayEquals(new int[] {383, 426}, full.finishedResponseIds("a", " there"));
    assertArrayEquals(new int[] {383, 426}, full.finishedResponseIds("a", " there."));

    TextRules adding = rules("{\"add_eos_token\":true}", config(512, 2));
    assertArrayEquals(new int[] {383, 2}, adding.responseIds("a", " there"));
    assertArrayEquals(new int[] {383, 2}, adding.finishedResponseIds("a", " there"));
    assertArrayEquals(new int[] {261}, adding.promptIds("a"), "a prompt is no whole text");

    TextRules none = rules("{\"eos_token\":null}", config(512));
    assertArrayEquals(new int[] {383}, none.finishedResponseIds("a", " there"));
    TextRules configured = rules("{\"eos_token\":null}", config(512, 7, 8));
    assertArrayEquals(new int[] {383, 7}, configured.finishedResponseIds("a", " there"));
  }

  @Test
  void anyOfTheEndsStops() throws IOException {
    assertEquals(List.of(426, 2, 7), rules("{\"eos_token\":\".\"}", config(512, 2, 7)).stopIds());
    assertEquals(List.of(2, 7), rules("", config(512, 7)).stopIds());
    assertEquals(List.of(2), rules("", config(512, 2)).stopIds());
  }

  @Test
  void aBosThatATextSpellsIsTheOneBeforeIt() throws IOException {
    TextRules reading = rules().readingSpecials();
    assertArrayEquals(rules().promptIds("Once"), reading.promptIds("<s>Once"));
    assertArrayEquals(new int[] {383}, reading.responseIds("<s>a", " there"));
    TextRules without = rules("{}", config(512, 2)).readingSpecials();
    assertArrayEquals(new int[] {403}, without.promptIds("Once"));
    assertArrayEquals(new int[] {1, 403}, without.promptIds("<s>Once"));
    assertArrayEquals(new int[] {383}, without.responseIds("<s>a", " there"));
  }

  @Test
  void controlTokensAreRefusedByName() throws IOException {
    TextRules rules = rules();
    for (String text : List.of("</s>", "a<s>b", "<unk>")) {
      String name = text.replaceAll("^[^<]*|[^>]*$", "");
      String prompt =
          assertThrows(IllegalArgumentException.class, () -> rules.promptIds(text)).getMessage();
      assertTrue(prompt.startsWith("the prompt spells the control token '" + name), prompt);
      String response =
          assertThrows(IllegalArgumentException.class, () -> rules.finishedResponseIds("a", text))
              .getMessage();
      assertTrue(response.startsWith("the response spells the control token '" + name), response);
    }
  }

  @Test
  void paddingIsNoTextAndAnotherModelsTokenizerIsRefused() throws IOException {
    TextRules padded = rules("", config(520, 2));
    assertEquals(512, padded.drawable());
    assertEquals("ab", padded.text(new int[] {1, 515}, new int[] {412, 519, 430, 2}));
    for (int rows : new int[] {511, 512 + 1025, 32_000}) {
      String refusal =
          assertThrows(IllegalArgumentException.class, () -> rules("", config(rows, 2)))
              .getMessage();
      assertTrue(refusal.contains("has 512 tokens, the model has vocab_size " + rows), refusal);
    }
    rules("{\"pad_token\":\"[PAD]\"}", config(512, 2)); // a token without a row that no text needs
    String end =
        assertThrows(
                IllegalArgumentException.class,
                () -> rules("{\"eos_token\":\"<|im_end|>\"}", config(512, 2)))
            .getMessage();
    assertTrue(end.contains("'<|im_end|>' has id 512, the model has vocab_size 512"), end);
  }

  @Test
  void aStopTextCountsFromTheFirstTokenOfTheResponseOn() throws IOException {
    TextRules rules = rules();
    int[] prompt = rules.promptIds("Once upon a time");
    StopCondition condition = rules.stopsAt(List.of(" there")).apply(prompt);
    assertTrue(condition.stops(new int[] {383}, 1));
    StopCondition before = rules.stopsAt(List.of("time")).apply(prompt);
    assertTrue(!before.stops(new int[] {383}, 1), "the prompt has it");
    assertThrows(
        IllegalArgumentException.class, () -> rules.stopsAt(List.of("")).apply(new int[] {1}));
  }
}
