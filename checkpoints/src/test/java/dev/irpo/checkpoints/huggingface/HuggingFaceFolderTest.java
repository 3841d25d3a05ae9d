package dev.irpo.checkpoints.huggingface;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TokenizerFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.HalfPrecision;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceFolderTest {
  private static final List<StoredTensor> TENSORS =
      List.of(
          tensor("a", DType.BF16, 1, 4, 4),
          tensor("b", DType.F32, 2, 3),
          tensor("c", DType.F32, 3, 30));

  @TempDir Path folder;
  private Path split;

  @BeforeEach
  void exportInTwoFiles() throws IOException {
    Path converted = folder.resolve("converted");
    ArrowModelWriter.keepingTypes()
        .write(converted, config(), TENSORS, TokenizerFiles.sentencePiece(new byte[] {7}));
    split = folder.resolve("split");
    try (StoredModel model = ModelFormats.open(converted)) {
      new HuggingFaceWriter(50).write(split, model);
    }
  }

  @Test
  void severalFilesWithAnIndexHoldTheSameTensors() throws IOException {
    assertTrue(Files.exists(split.resolve("model-00002-of-00002.safetensors")));
    try (StoredModel model = ModelFormats.open(split)) {
      assertEquals("HUGGING_FACE", model.format().name());
      assertSameTensors(TENSORS, model.tensors().values());
      assertEquals(config(), model.config());
      assertEquals(1, Files.size(model.tokenizers().getFirst()));
    }
  }

  @Test
  void filesMayLieInFoldersAndTextsMayBeginWithAByteOrderMark() throws IOException {
    Path index = split.resolve("model.safetensors.index.json");
    Path inside = Files.createDirectory(split.resolve("weights"));
    String second = "model-00002-of-00002.safetensors";
    Files.move(split.resolve(second), inside.resolve(second));
    String text = Files.readString(index).replace("model-00002", "weights/model-00002");
    Files.writeString(index, "\uFEFF" + text.replace("\n", "\r\n"));
    Path config = split.resolve("config.json");
    Files.writeString(config, "\uFEFF" + Files.readString(config).replace("\n", "\r\n"));
    try (StoredModel model = ModelFormats.open(split)) {
      assertSameTensors(TENSORS, model.tensors().values());
      assertEquals(config(), model.config());
    }
  }

  @Test
  void anIndexThatFilesContradictIsRefused() throws IOException {
    Path index = split.resolve("model.safetensors.index.json");
    String text = Files.readString(index);
    Files.writeString(index, text.replace("\"a\"", "\"z\""));
    assertRefused(() -> ModelFormats.open(split), "'z'", "does not hold it");
    Files.writeString(index, text.replace("00002-of-00002", "00009-of-00002"));
    assertRefused(() -> ModelFormats.open(split), "00009-of-00002", "no such file");
    Files.writeString(index, text.replace("model-00002", "../model-00002"));
    assertRefused(() -> ModelFormats.open(split), "outside its folder");
    Files.writeString(index, "{}");
    assertRefused(() -> ModelFormats.open(split), "no weight_map");
    Files.writeString(index, text);
    Files.copy(
        split.resolve("model-00001-of-00002.safetensors"), split.resolve("copy.safetensors"));
    Files.writeString(index, text.replace("model-00002-of-00002", "copy"));
    assertRefused(() -> ModelFormats.open(split), "'b' a second time");
    Files.writeString(index, text.replaceFirst("\"a\" : \"[^\"]*\",", ""));
    assertRefused(() -> ModelFormats.open(split), "does not list 'a' and 0 more");
  }

  private static StoredTensor embedding(long seed) {
    return tensor("model.embed_tokens.weight", DType.F32, seed, 5, 4);
  }

  private static StoredTensor head(long seed, long columns) {
    return tensor("lm_head.weight", DType.F32, seed, 5, columns);
  }

  /// The configuration as it is read, and what was warned of.
  private String readWithTiedFlag(List<StoredTensor> tensors) throws IOException {
    Path model = Files.createTempDirectory(folder, "tied");
    Files.writeString(model.resolve("config.json"), "{\"tie_word_embeddings\": true}");
    SafetensorsWriter.write(model.resolve("model.safetensors"), tensors);
    try (StoredModel read = ModelFormats.open(model)) {
      return read.config() + " " + read.warning();
    }
  }

  @Test
  void aHeadWithOtherValuesBeatsTheTiedFlagWithAWarning() throws IOException {
    String tied = "{\"tie_word_embeddings\":true} Optional.empty";
    assertEquals(tied, readWithTiedFlag(List.of(embedding(1))));
    assertEquals(tied, readWithTiedFlag(List.of(head(1, 4))));
    assertEquals(tied, readWithTiedFlag(List.of(embedding(1), head(1, 4))));
    for (StoredTensor head : List.of(head(2, 4), head(1, 3))) {
      String untied = readWithTiedFlag(List.of(embedding(1), head));
      String begin = "{\"tie_word_embeddings\":false} Optional[" + folder;
      assertTrue(untied.startsWith(begin), untied);
      assertTrue(untied.contains(": tie_word_embeddings is true, but lm_head.weight"), untied);
    }
  }

  @Test
  void aTensorWithoutElementsNamesItsLikelyCause() throws IOException {
    Path model = Files.createDirectories(folder.resolve("empty"));
    Files.writeString(model.resolve("config.json"), "{}");
    byte[] header =
        "{\"model.embed_tokens.weight\":{\"dtype\":\"BF16\",\"shape\":[0],\"data_offsets\":[0,0]}}"
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + header.length).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(
        model.resolve("model.safetensors"), file.putLong(header.length).put(header).array());
    assertRefused(
        () -> ModelFormats.open(model), "'model.embed_tokens.weight' has shape [0]", "ZeRO-3");
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    Files.delete(split.resolve("config.json"));
    assertRefused(() -> ModelFormats.open(split), "config.json: there is no such file");
    assertRefused(() -> ModelFormats.open(folder), "is neither", "model.safetensors");
    assertRefused(() -> ModelFormats.open(folder.resolve("nowhere")), "no such model");
    assertRefused(
        () -> ModelFormats.open(split, Optional.of(folder.resolve("t.model"))), "t.model");
  }

  @Test
  void theGoldenModelKeepsEveryByteThroughArrowAndThroughExport() throws IOException {
    Path golden = GoldenFiles.path("tiny/policy");
    try (StoredModel source = ModelFormats.open(golden)) {
      assertEquals(21, source.tensors().size());
      new HuggingFaceWriter().write(folder.resolve("exported"), source);
      ArrowModelWriter.keepingTypes().write(folder.resolve("arrow"), source);
      try (StoredModel exported = ModelFormats.open(folder.resolve("exported"));
          StoredModel arrow = ModelFormats.open(folder.resolve("arrow"))) {
        assertSameTensors(source.tensors().values(), exported.tensors().values());
        assertSameTensors(source.tensors().values(), arrow.tensors().values());
        assertEquals(source.config(), exported.config());
        assertEquals(source.config(), arrow.config());
        assertEquals(List.of(), arrow.tokenizers());
        assertRefused(arrow::requireTokenizer, "tokenizer.model", "--tokenizer");
      }
    }
  }

  @Test
  void theSmallFilesOfAFolderStayWithTheModelThroughArrow() throws IOException {
    List<String> names =
        List.of(
            "added_tokens.json",
            "chat_template.jinja",
            "generation_config.json",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json");
    for (String name : names) {
      Files.writeString(split.resolve(name), "{\"name\":\"%s\"}".formatted(name));
    }
    Path arrow = folder.resolve("arrow");
    Path again = folder.resolve("again");
    try (StoredModel model = ModelFormats.open(split)) {
      ArrowModelWriter.keepingTypes().write(arrow, model);
    }
    try (StoredModel model = ModelFormats.open(arrow)) {
      new HuggingFaceWriter().write(again, model);
    }
    for (String name : names) {
      assertEquals(Files.readString(split.resolve(name)), Files.readString(again.resolve(name)));
    }
  }

  @Test
  void aNamedTokenizerBringsNoOther() throws IOException {
    Files.writeString(split.resolve("tokenizer.json"), "{}");
    Path named = split.resolve("tokenizer.model");
    try (StoredModel model = ModelFormats.open(split, Optional.of(named))) {
      assertEquals(Set.of("tokenizer.model"), model.tokenizerFiles().contents().keySet());
    }
    try (StoredModel model = ModelFormats.open(split)) {
      assertEquals(
          Set.of("tokenizer.model", "tokenizer.json"), model.tokenizerFiles().contents().keySet());
    }
  }

  @Test
  void weightsInAnotherTypeAreRoundedAndTheConfigurationSaysSo() throws IOException {
    Path half = folder.resolve("half");
    HuggingFaceWriter writer = new HuggingFaceWriter(1_000_000, Optional.of(DType.BF16));
    try (StoredModel source = ModelFormats.open(GoldenFiles.path("tiny/policy"))) {
      writer.write(half, source);
      long bytes = source.tensors().values().stream().mapToLong(t -> t.content().byteSize()).sum();
      assertEquals(bytes / 2, writer.bytesOf(source.tensors().values()));
      try (StoredModel model = ModelFormats.open(half)) {
        assertEquals("bfloat16", model.config().path("dtype").asText());
        StoredTensor exact = source.tensor("model.layers.1.self_attn.k_proj.weight");
        StoredTensor rounded = model.tensor(exact.name());
        assertEquals(DType.BF16, rounded.dtype());
        for (long i = 0; i < exact.shape().numElements(); i++) {
          short expected =
              HalfPrecision.narrowed(
                  DType.BF16, exact.data().getAtIndex(ValueLayout.JAVA_FLOAT, i));
          assertEquals(expected, rounded.data().getAtIndex(ValueLayout.JAVA_SHORT, i));
        }
      }
    }
  }

  @Test
  void theConfigurationNamesTheTypeThatTheWeightsHave() throws IOException {
    Path wide = folder.resolve("wide");
    new HuggingFaceWriter()
        .write(wide, config().put("dtype", "bfloat16"), TENSORS, TokenizerFiles.none());
    try (StoredModel model = ModelFormats.open(wide)) {
      assertEquals("float32", model.config().path("dtype").asText());
    }
  }

  /// The tokens that end a response, where config.json and generation_config.json name these.
  private String ends(String config, String generation) throws IOException {
    Files.writeString(split.resolve("config.json"), config);
    Files.writeString(split.resolve("generation_config.json"), generation);
    try (StoredModel model = ModelFormats.open(split)) {
      return model.config().path("eos_token_id").toString();
    }
  }

  @Test
  void tokensThatOnlyTheGenerationConfigNamesEndAResponseToo() throws IOException {
    String two = "{\"eos_token_id\": [7, 9]}";
    assertEquals("[7,9]", ends("{\"eos_token_id\": 7}", two));
    assertEquals("[9,7]", ends("{\"eos_token_id\": 9}", two));
    assertEquals("[3,7,9]", ends("{\"eos_token_id\": [3]}", two));
    assertEquals("[7,9]", ends("{}", two));
    assertEquals("[7,9]", ends("{\"eos_token_id\": null}", two));
    assertEquals("[4,5]", ends("{\"eos_token_id\": 4}", "{\"eos_token_id\": 5}"));
  }

  @Test
  void aGenerationConfigThatNamesNothingNewLeavesTheConfigAsItIs() throws IOException {
    assertEquals("7", ends("{\"eos_token_id\": 7}", "{\"eos_token_id\": 7}"));
    assertEquals("7", ends("{\"eos_token_id\": 7}", "{}"));
    assertEquals("7", ends("{\"eos_token_id\": 7}", "{\"eos_token_id\": null}"));
    assertEquals("", ends("{}", "{}"));
  }
}
