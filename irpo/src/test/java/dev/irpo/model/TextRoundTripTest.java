package dev.irpo.model;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Text in, text out, whatever the tokenizer: for random prompts, responses and samples
///
/// ```text
/// text(ids(prompt, response)) = response            prompt + response = text of all ids
/// ids(prompt, text(ids)) = ids                      for ids that are those of a text
/// ids(prompt, text(sample)) = sample                where the sample is what its text becomes, and
///                                                   then ln π is the sampled one to the bit
/// text(ids(prompt, text(sample))) = text(sample)    always
/// ```
///
/// `-Dirpo.textCases=10000` runs so many cases of each tokenizer.
class TextRoundTripTest {
  private static final int CASES = Integer.getInteger("irpo.textCases", 100);
  private static final int BATCH = 500;
  private static final int NEW_TOKENS = 6;

  /// A byte-level tokenizer of Llama 3's layout with few merges.
  private static final Path LLAMA_3 =
      Path.of("../tokenizer/src/test/resources/dev/irpo/tokenizer/json/llama3.json");

  private static final List<String> PARTS =
      List.of(
          " ",
          "  ",
          "\n",
          "\n\n",
          "\t",
          "a",
          "b",
          "the",
          " the",
          "Once upon",
          " a time",
          "Lily",
          ".",
          ",",
          "'",
          "'s",
          "\"",
          "12",
          "345",
          " 7",
          "<",
          "</",
          "/s>",
          "é",
          "e\u0301",
          "ñ",
          "東京",
          "🙂",
          "\u00a0",
          "\u200d",
          " there was",
          "ing",
          "<|",
          "|>",
          "[",
          "]",
          "{",
          "}");

  private static String text(SplittableRandom random, int most) {
    StringBuilder text = new StringBuilder();
    int parts = random.nextInt(most + 1);
    for (int i = 0; i < parts; i++) {
      text.append(PARTS.get(random.nextInt(PARTS.size())));
    }
    return text.toString();
  }

  /// A prompt that does not begin with a space, which some tokenizers cannot tell from one that
  /// they put there, and spells with no response a control token.
  private static String prompt(SplittableRandom random) {
    return "A" + text(random, 6);
  }

  private static int[] joined(int[] first, int[] second) {
    return IntStream.concat(Arrays.stream(first), Arrays.stream(second)).toArray();
  }

  private static boolean spellsSpecial(TextRules rules, String text) {
    return rules.tokenizer().specialIn(text).isPresent();
  }

  private static void textsComeBack(TextRules rules, SplittableRandom random) {
    for (int i = 0; i < CASES; i++) {
      String prompt = prompt(random);
      String response = text(random, 6);
      if (spellsSpecial(rules, prompt) || spellsSpecial(rules, response)) {
        continue;
      }
      String shown = "'%s' + '%s'".formatted(prompt, response);
      int[] promptIds = rules.promptIds(prompt);
      int[] responseIds = rules.responseIds(prompt, response);
      assertEquals(response, rules.text(promptIds, responseIds), shown);
      String whole = rules.tokenizer().decode(joined(promptIds, responseIds));
      assertEquals(prompt + response, whole, shown);
      assertArrayEquals(
          responseIds, rules.responseIds(prompt, rules.text(promptIds, responseIds)), shown);
    }
  }

  private record Drawn(String prompt, int[] promptIds, Sample sample) {}

  private static List<Drawn> draw(
      Backend backend, LanguageModel model, SplittableRandom random, double temperature) {
    List<String> prompts = new ArrayList<>();
    List<GenerationRequest> requests = new ArrayList<>();
    int longest = 1;
    for (int i = 0; i < Math.min(BATCH, CASES); i++) {
      String prompt = prompt(random);
      if (!spellsSpecial(model.text(), prompt)) {
        int[] ids = model.text().promptIds(prompt);
        longest = Math.max(longest, ids.length);
        requests.add(new GenerationRequest(prompts.size(), ids, 0, 1));
        prompts.add(prompt);
      }
    }
    SamplingSettings settings =
        new SamplingSettings(temperature, 0, 1, NEW_TOKENS, model.stopIds(), model.drawable());
    List<Drawn> drawn = new ArrayList<>();
    new Generator(backend, model.parameters(), DecodeLimits.of(32, 1, longest, NEW_TOKENS))
        .generate(
            requests.iterator(),
            Sampling.of(settings, random.nextLong(), 0),
            (request, samples) ->
                drawn.add(
                    new Drawn(
                        prompts.get((int) request.problem()),
                        request.prompt(),
                        samples.getFirst())));
    return drawn;
  }

  /// Returns how many samples were what their text becomes.
  private static int samplesComeBack(
      Backend backend, LanguageModel model, SplittableRandom random, double temperature) {
    TextRules rules = model.text();
    Scorer scorer = new Scorer(backend, model.parameters(), 4096);
    int same = 0;
    for (int done = 0; done < CASES; done += BATCH) {
      List<Drawn> drawn = draw(backend, model, random, temperature);
      List<Sequence> sequences = new ArrayList<>();
      List<float[]> expected = new ArrayList<>();
      for (Drawn one : drawn) {
        int[] ids = one.sample.ids();
        String text = rules.text(one.promptIds, ids);
        String shown = "'%s' + '%s' %s".formatted(one.prompt, text, Arrays.toString(ids));
        assertEquals(
            rules.tokenizer().decode(joined(one.promptIds, ids)), one.prompt + text, shown);
        if (spellsSpecial(rules, text)) {
          continue;
        }
        boolean isEnded = model.stopIds().contains(ids[ids.length - 1]);
        int[] again =
            isEnded
                ? rules.finishedResponseIds(one.prompt, text)
                : rules.responseIds(one.prompt, text);
        assertEquals(text, rules.text(one.promptIds, again), shown);
        if (Arrays.equals(ids, again)) {
          sequences.add(new Sequence(one.promptIds, again));
          expected.add(one.sample.tokenLogProbs());
        }
      }
      List<SequenceScore> scores = scorer.score(sequences);
      for (int i = 0; i < scores.size(); i++) {
        assertArrayEquals(expected.get(i), scores.get(i).tokenLogProbs());
      }
      same += scores.size();
    }
    return same;
  }

  private static void holds(Backend backend, LanguageModel model, int seed, double leastSame) {
    SplittableRandom random = new SplittableRandom(seed);
    textsComeBack(model.text(), random);
    int greedy = samplesComeBack(backend, model, random, 0);
    int drawn = samplesComeBack(backend, model, random, 1);
    assertTrue(greedy >= leastSame * CASES, greedy + " greedy samples of " + CASES);
    assertTrue(drawn > 0, "no sample at temperature 1 was what its text becomes");
  }

  /// A model of one layer for a tokenizer whose own model is not at hand.
  private static LanguageModel random(Backend backend, TokenizerFiles files, int tokens) {
    LlamaConfig config =
        new LlamaConfig(tokens, 16, 16, 1, 2, 2, 8, 256, 10000, 1e-5, true, 1, List.of());
    return new LanguageModel(
        config,
        new ObjectMapper().valueToTree(config.toHuggingFace()),
        Parameters.random(backend, config, 5),
        TextRules.of(files, config),
        files);
  }

  @Test
  void sentencePieceOfStories260K() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      Path folder = ForeignData.path("reports/hf-padded-rows");
      LanguageModel stories = LanguageModel.map(backend, folder, Optional.empty());
      holds(backend, stories, 1, 0.9);
    }
  }

  /// The same tokenizer with every way to put spaces that transformers' class for Llama knows.
  @ParameterizedTest
  @CsvSource({
    "model, false, true",
    "model, true, true",
    "model, false, false",
    "json, false, true",
    "json, true, true",
    "json, true, false"
  })
  void everyWayToPutSpaces(String kind, boolean isLegacy, boolean addsPrefix) throws IOException {
    Path folder = ForeignData.path("reports/hf-added-tokens-beside-model");
    String file = kind.equals("model") ? TokenizerFiles.SENTENCE_PIECE : TokenizerFiles.JSON;
    ObjectNode config = new ObjectMapper().createObjectNode();
    config.put("tokenizer_class", "LlamaTokenizer").put("add_bos_token", true);
    config.put("legacy", isLegacy).put("add_prefix_space", addsPrefix);
    TokenizerFiles files =
        new TokenizerFiles(new TreeMap<>(Map.of(file, Files.readAllBytes(folder.resolve(file)))))
            .with(TokenizerFiles.CONFIG, config.toString().getBytes(UTF_8));
    try (Backend backend = new CpuBackend(2)) {
      holds(backend, random(backend, files, 514), 4, 0);
    }
  }

  @Test
  void sentencePieceOfLlama2() throws IOException {
    Path file = ForeignData.path("llama2-tokenizer/tokenizer.model");
    try (Backend backend = new CpuBackend(2)) {
      TokenizerFiles files = TokenizerFiles.read(List.of(file));
      holds(backend, random(backend, files, 32_000), 2, 0);
    }
  }

  @Test
  void tokenizerJsonOfLlama3sLayout() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      JsonNode json = new ObjectMapper().readTree(Files.readAllBytes(LLAMA_3));
      for (JsonNode added : json.get("added_tokens")) {
        ((ObjectNode) added).put("lstrip", false).put("rstrip", false); // else they take spaces
      }
      TokenizerFiles files = TokenizerFiles.json(json.toString().getBytes(UTF_8));
      int tokens = TextRules.folder(files).orElseThrow().tokenizer().vocabSize();
      holds(backend, random(backend, files, tokens), 3, 0);
    }
  }
}
