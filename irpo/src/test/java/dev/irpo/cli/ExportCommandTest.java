package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.model.LanguageModel;
import dev.irpo.provenance.ProgramStart;
import dev.irpo.provenance.StartsFile;
import dev.irpo.run.Evaluation;
import dev.irpo.run.RolloutCounts;
import dev.irpo.run.RunFolder;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String TEMPLATE = "{% for m in messages %}{{ m.content }}{% endfor %}";
  private static final List<String> TEXTS =
      List.of("Tom has 12 apples", "  two\n\nlines ", "", "Zürich 東京 🙂", "\n", "a</s");

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = folder.resolve("model");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend).save(model);
    }
  }

  private Path export(Path from, String to, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("export", "--model", from, "--to"));
    Path target = folder.resolve(to);
    arguments.add(target);
    arguments.addAll(List.of(more));
    CommandLineRun.of("", arguments.toArray()).requireSuccess();
    return target;
  }

  private static JsonNode json(Path file) throws IOException {
    return MAPPER.readTree(Files.readString(file));
  }

  private static List<String> ids(String option, Path path) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String text : TEXTS) {
      lines.append(MAPPER.createObjectNode().put("text", text)).append("\n");
    }
    return CommandLineRun.of(lines.toString(), "tokenize", option, path).lines().stream()
        .map(JsonNode::toString)
        .toList();
  }

  private static double score(Path path) throws IOException {
    return CommandLineRun.of(
            "{\"prompt\":\"Tom has\",\"response\":\" 12 apples\"}", "score", "--model", path)
        .lines()
        .getFirst()
        .get("logProb")
        .asDouble();
  }

  private Path withConfig(Path exported, Consumer<ObjectNode> edit) throws IOException {
    Path file = exported.resolve("config.json");
    ObjectNode config = (ObjectNode) json(file);
    edit.accept(config);
    Files.writeString(file, config.toString());
    return exported;
  }

  @Test
  void aFolderHasAllThatLoadersLookFor() throws IOException {
    Path exported = export(model, "exported");
    try (Stream<Path> files = Files.list(exported)) {
      assertEquals(
          List.of(
              "README.md",
              "config.json",
              "generation_config.json",
              "model.safetensors",
              "special_tokens_map.json",
              "tokenizer.json",
              "tokenizer.model",
              "tokenizer_config.json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    JsonNode config = json(exported.resolve("tokenizer_config.json"));
    assertEquals("PreTrainedTokenizerFast", config.path("tokenizer_class").asText());
    assertEquals("<s>", config.path("bos_token").asText());
    assertEquals("</s>", config.path("eos_token").asText());
    assertTrue(config.path("add_bos_token").asBoolean());
    assertEquals(256, config.path("model_max_length").asInt());
    assertEquals(
        "{\"bos_token\":\"<s>\",\"eos_token\":\"</s>\",\"unk_token\":\"<unk>\"}",
        json(exported.resolve("special_tokens_map.json")).toString());
    assertEquals(
        "{\"bos_token_id\":1,\"eos_token_id\":2}",
        json(exported.resolve("generation_config.json")).toString());
    JsonNode template = json(exported.resolve("tokenizer.json")).path("post_processor");
    assertEquals("<s>", template.at("/single/0/SpecialToken/id").asText());
    List<String> expected = ids("--model", model);
    assertEquals(expected, ids("--tokenizer", exported.resolve("tokenizer.json")));
    assertEquals(expected, ids("--model", exported));
    assertEquals(score(model), score(exported));
  }

  @Test
  void whatASourceHasIsCarriedAlong() throws IOException {
    Path source =
        withConfig(export(model, "source"), config -> config.put("pretraining_tp", 1).put("x", 7));
    Files.writeString(source.resolve("README.md"), "its card");
    Files.writeString(source.resolve("LICENSE"), "its licence");
    Files.writeString(source.resolve("chat_template.jinja"), TEMPLATE);
    Files.writeString(source.resolve("generation_config.json"), "{\"temperature\":0.6}");
    Files.writeString(source.resolve("tokenizer_config.json"), "{\"bos_token\":\"<s>\"}");
    Files.writeString(source.resolve("pytorch_model.bin.index.json"), "{}");
    Path again = export(source, "again");
    for (String name :
        List.of(
            "README.md",
            "LICENSE",
            "chat_template.jinja",
            "generation_config.json",
            "tokenizer_config.json",
            "tokenizer.json",
            "tokenizer.model",
            "model.safetensors")) {
      assertEquals(-1, Files.mismatch(source.resolve(name), again.resolve(name)), name);
    }
    assertEquals(7, json(again.resolve("config.json")).path("x").asInt());
    assertFalse(Files.exists(again.resolve("pytorch_model.bin.index.json")));
  }

  @Test
  void aConfigurationOfTheSourceIsCompleted() throws IOException {
    Path source = export(model, "source");
    Files.delete(source.resolve("tokenizer.json"));
    Files.writeString(
        source.resolve("tokenizer_config.json"),
        "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":false,\"chat_template\":\"x\"}");
    JsonNode config = json(export(source, "again").resolve("tokenizer_config.json"));
    assertEquals("PreTrainedTokenizerFast", config.path("tokenizer_class").asText());
    assertEquals("x", config.path("chat_template").asText());
    assertFalse(config.path("add_bos_token").asBoolean());
    JsonNode made = json(folder.resolve("again").resolve("tokenizer.json"));
    assertTrue(made.path("post_processor").isNull());
  }

  @Test
  void addedTokensAreInTheTokenizerJson() throws IOException {
    Path source = Files.createDirectory(folder.resolve("source"));
    Path published = ForeignData.path("reports/hf-added-tokens-beside-model");
    try (Stream<Path> files = Files.list(published)) {
      for (Path file : files.toList()) {
        Files.copy(file, source.resolve(file.getFileName()));
      }
    }
    Path other = export(source, "other");
    Files.delete(source.resolve("tokenizer.json"));
    Path made = export(source, "made");
    assertEquals(ids("--model", other), ids("--tokenizer", made.resolve("tokenizer.json")));
    JsonNode added = json(made.resolve("tokenizer.json")).path("added_tokens");
    assertEquals("<|im_end|>", added.path(added.size() - 1).path("content").asText());
    assertEquals(513, added.path(added.size() - 1).path("id").asInt());
    export(source, "made.gguf", "--format", "gguf");
    export(other, "other.gguf", "--format", "gguf");
    assertEquals(ids("--model", other), ids("--model", folder.resolve("made.gguf")));
    assertEquals(ids("--model", other), ids("--model", folder.resolve("other.gguf")));
  }

  @Test
  void weightsOfAFolderMayBeRounded() throws IOException {
    Path half = export(model, "half", "--dtype", "bf16");
    assertEquals("bfloat16", json(half.resolve("config.json")).path("dtype").asText());
    long bytes = Files.size(export(model, "whole").resolve("model.safetensors"));
    assertTrue(Files.size(half.resolve("model.safetensors")) < 0.6 * bytes);
    assertEquals(score(model), score(half), 0.05);
  }

  @Test
  void aGgufKeepsWeightsTextsAndTemplate() throws IOException {
    Path source = export(model, "source");
    String template = TEMPLATE + "{# long #}".repeat(300);
    Files.writeString(source.resolve("chat_template.jinja"), template);
    Path gguf = export(source, "m.gguf", "--format", "gguf");
    assertEquals(ids("--model", model), ids("--model", gguf));
    assertEquals(score(model), score(gguf));
    Path back = export(gguf, "back");
    assertEquals(ids("--model", model), ids("--model", back));
    assertEquals(
        json(source.resolve("generation_config.json")),
        json(back.resolve("generation_config.json")));
    assertEquals(
        template, json(back.resolve("tokenizer_config.json")).path("chat_template").asText());
    for (String type : List.of("f16", "bf16", "q8_0")) {
      Path file = export(model, type + ".gguf", "--format", "gguf", "--dtype", type);
      assertEquals(score(model), score(file), 0.1, type);
      assertTrue(Files.size(file) < Files.size(gguf), type);
    }
  }

  @Test
  void aByteLevelGgufKeepsItsTokenizer() throws IOException {
    Path source = ForeignData.path("reports/hf-bytelevel");
    Path gguf = export(source, "b.gguf", "--format", "gguf");
    assertEquals(ids("--model", source), ids("--model", gguf));
    assertEquals(score(source), score(gguf));
  }

  @Test
  void scaledPositionsAreTheSameInAGguf() throws IOException {
    List<String> scalings =
        List.of(
            "{\"rope_type\":\"linear\",\"factor\":4.0}",
            "{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,"
                + "\"high_freq_factor\":4.0,\"original_max_position_embeddings\":32}",
            "{\"rope_type\":\"yarn\",\"factor\":16.0,\"original_max_position_embeddings\":16}");
    for (int i = 0; i < scalings.size(); i++) {
      JsonNode scaling = MAPPER.readTree(scalings.get(i));
      Path source =
          withConfig(
              export(model, "scaled" + i),
              config -> {
                config.remove("rope_parameters");
                config.set("rope_scaling", scaling);
              });
      Path gguf = export(source, i + ".gguf", "--format", "gguf");
      assertEquals(score(source), score(gguf), 1e-4, scalings.get(i));
      assertTrue(Math.abs(score(source) - score(model)) > 1e-4, scalings.get(i));
    }
  }

  @Test
  void everyTokenThatEndsAResponseIsInTheGguf() throws IOException {
    Path source =
        withConfig(
            export(model, "source"),
            config -> config.putArray("eos_token_id").add(2).add(40).add(41));
    Files.delete(source.resolve("generation_config.json"));
    Path back = export(export(source, "e.gguf", "--format", "gguf"), "back");
    assertEquals(
        "[2,40,41]", json(back.resolve("generation_config.json")).get("eos_token_id").toString());
    withConfig(source, config -> config.putArray("eos_token_id").add(2).add(40).add(41).add(42));
    CommandLineRun.of(
            "", "export", "--model", source, "--to", folder.resolve("f.gguf"), "--format", "gguf")
        .requireRefused("4 tokens end a response", "3");
  }

  @Test
  void rowsWithoutATokenAreFilledUp() throws IOException {
    Path source = ForeignData.path("reports/hf-padded-rows");
    Path gguf = export(source, "p.gguf", "--format", "gguf");
    assertEquals(ids("--model", source), ids("--model", gguf));
    assertEquals(score(source), score(gguf));
  }

  @Test
  void mistakesAreRefusedInOneLineAndNothingStays() throws IOException {
    Path to = folder.resolve("to");
    CommandLineRun.of("", "export", "--model", model, "--to", to, "--dtype", "q8_0")
        .requireRefused("--dtype q8_0", "--format gguf");
    CommandLineRun.of("", "export", "--model", model, "--to", to, "--dtype", "q4_0")
        .requireRefused("--dtype", "q4_0");
    CommandLineRun.of(
            "", "export", "--model", model, "--to", to, "--format", "gguf", "--max-file-bytes", 9)
        .requireRefused("--max-file-bytes 9");
    Path existing = Files.writeString(folder.resolve("there.gguf"), "mine");
    CommandLineRun.of("", "export", "--model", model, "--to", existing, "--format", "gguf")
        .requireRefused(existing, "exists already");
    assertEquals("mine", Files.readString(existing));
    Path quantised = export(model, "quantised");
    withConfig(
        quantised, config -> config.putObject("quantization_config").put("quant_method", "gptq"));
    CommandLineRun.of("", "export", "--model", quantised, "--to", to)
        .requireRefused("quantization_config", "gptq");
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(
          List.of("model", "quantised", "there.gguf"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void theCardSaysHowAModelWasTrained() throws IOException {
    Path data = folder.resolve("texts.jsonl");
    Files.writeString(data, "{\"prompt\":\"Tom has\",\"response\":\" 12 apples\"}\n".repeat(4));
    Path out = folder.resolve("trained");
    CommandLineRun.of(
            "",
            "sft",
            "--model",
            model,
            "--data",
            data,
            "--out",
            out,
            "--preset",
            "demo",
            "--set",
            "train.steps=2",
            "--set",
            "train.batchSize=2",
            "--set",
            "seed=5")
        .requireSuccess();
    String card = Files.readString(export(out.resolve("model"), "tuned").resolve("README.md"));
    assertTrue(card.startsWith("---\nlibrary_name: transformers\n"), card);
    assertTrue(card.contains("license: unknown"), card);
    assertTrue(card.contains("# tuned\n"), card);
    assertTrue(card.contains("| on | texts to imitate |"), card);
    assertTrue(card.contains("| seed | 5 |"), card);
    assertTrue(card.contains("| last `step` | 2 |"), card);
    assertTrue(card.contains("| program | IRPO on the JVM, not from the jar |"), card);
    assertFalse(card.contains("## Evaluation"), card);
    assertFalse(card.contains(folder.toString()), card);
    String untrained = Files.readString(export(model, "untrained").resolve("README.md"));
    assertFalse(untrained.contains("## Training"), untrained);
    assertTrue(untrained.contains("| base model | not recorded |"), untrained);
  }

  /// A run folder as far as a card reads it, with checkpoints of which the second did best.
  private RunFolder run() throws IOException {
    RunFolder run = new RunFolder(folder.resolve("run"));
    RunConfig config = RunConfig.of(Preset.DEMO).with("iterations=3", "seed=9");
    run.open(config);
    StartsFile.in(run.root()).add(new ProgramStart("", "7.8.9", "", "", "", 1, 1, 1, "cpu"));
    for (int t = 0; t <= 2; t++) {
      Accuracy majority = t == 1 ? null : new Accuracy(25 * (t + 1), 100);
      SummedText.writeJson(
          run.evaluation(t),
          new Evaluation(
              new Accuracy(20 * (t + 1), 100),
              majority,
              t == 1 ? 0 : 8,
              t == 1 ? null : List.of()));
    }
    SummedText.writeJson(run.rollouts(1).counts(), new RolloutCounts(9, 4, 21, 0, new TreeMap<>()));
    SummedText.writeJson(run.rollouts(2).counts(), new RolloutCounts(9, 4, 32, 0, new TreeMap<>()));
    StringBuilder lines = new StringBuilder();
    for (int step = 1; step <= 6; step++) {
      lines.append("{\"step\":%d,\"loss\":0.%d}\n".formatted(step, step));
    }
    Files.writeString(run.training(2).metrics(), lines);
    int[] right = {3, 5, 4};
    for (int i = 0; i < right.length; i++) {
      SummedText.writeJson(run.heldOut(2, 2 * (i + 1)), new Accuracy(right[i], 10));
    }
    try (StoredModel stored = ModelFormats.open(model)) {
      ArrowModelWriter.keepingTypes().write(run.model(2), stored);
    }
    return run;
  }

  @Test
  void theCardOfARunsModelHasItsNumbers() throws IOException {
    RunFolder run = run();
    String card = Files.readString(export(run.model(2), "m2").resolve("README.md"));
    assertTrue(card.contains("| task | word-problems |"), card);
    assertTrue(card.contains("| seed | 9 |"), card);
    assertTrue(card.contains("| pairs | 32 |"), card);
    assertTrue(card.contains("| iteration | 2 of 3 |"), card);
    assertTrue(card.contains("| program | IRPO on the JVM, 7.8.9 |"), card);
    assertTrue(
        card.contains("| last `step` | 4 |"), "that of the checkpoint that was kept: " + card);
    assertTrue(card.contains("| last `loss` | 0.4 |"), card);
    assertTrue(card.contains("| held-out problems, greedy | 5 of 10 right |"), card);
    assertTrue(card.contains("| M_0 |  | 100 | 20.0 ± 4.0 | 25.0 ± 4.3 | 8 |\n"), card);
    assertTrue(card.contains("| M_1 | 21 | 100 | 40.0 ± 4.9 |  |  |\n"), card);
    assertTrue(card.contains("| M_2 | 32 | 100 | 60.0 ± 4.9 | 75.0 ± 4.3 | 8 |\n"), card);
    assertFalse(card.contains(folder.toString()), card);
  }

  @Test
  void aCheckpointsCardHasTheAccuraciesOfTheModelsBeforeIt() throws IOException {
    RunFolder run = run();
    Path checkpoint = run.training(2).checkpoint(2);
    try (StoredModel stored = ModelFormats.open(model)) {
      ArrowModelWriter.keepingTypes().write(checkpoint, stored);
    }
    String card = Files.readString(export(checkpoint, "c2").resolve("README.md"));
    assertTrue(card.contains("| held-out problems, greedy | 3 of 10 right |"), card);
    assertTrue(card.contains("| last `step` | 2 |"), card);
    assertTrue(card.contains("| M_1 |"), card);
    assertFalse(card.contains("| M_2 |"), card);
  }

  @Test
  void theConfigurationOfATunedHalfPrecisionModelNamesItsOwnType() throws IOException {
    Path tuned = folder.resolve("wide");
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      ObjectNode config = tiny.huggingFaceConfig().deepCopy().put("torch_dtype", "bfloat16");
      ArrowModelWriter.keepingTypes()
          .write(tuned, config, tiny.storedTensors(), tiny.tokenizerFiles());
    }
    JsonNode config = json(export(tuned, "exported").resolve("config.json"));
    assertEquals("float32", config.path("torch_dtype").asText());
    assertArrayEquals(
        new String[] {"LlamaForCausalLM"},
        MAPPER.convertValue(config.get("architectures"), String[].class));
  }
}
