package dev.irpo.checkpoints.meta;

import static dev.irpo.checkpoints.ForeignModels.model;
import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.stored;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.ForeignModels;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.huggingface.SafetensorsWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.torch.TorchWriter;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetaFolderTest {
  /// dim 16, 4 heads of 4, 2 KV heads, 24 feed-forward columns, 2 layers, 10 tokens.
  private static final String PARAMS =
      """
      {"dim": 16, "multiple_of": 8, "n_heads": 4, "n_kv_heads": 2, "n_layers": 2,
       "norm_eps": 1e-06, "vocab_size": -1}
      """;

  private static final int DIM = 16;
  private static final int HEAD_DIM = 4;

  @TempDir Path folder;
  private Path meta;

  @BeforeEach
  void makeFolder() throws IOException {
    meta = Files.createDirectory(folder.resolve("meta"));
    Files.writeString(meta.resolve("params.json"), PARAMS);
  }

  @Test
  void twoFilesOfMetaGiveTheBytesOfTheHuggingFaceFolder() throws IOException {
    List<StoredTensor> model = model(DType.BF16, 10, true);
    write(model, 2, 1);
    Files.write(meta.resolve("tokenizer.model"), new byte[] {1, 2, 3});
    Path published = folder.resolve("published.safetensors");
    SafetensorsWriter.write(published, model);
    try (StoredModel read = ModelFormats.open(meta)) {
      assertEquals("META", read.format().name());
      assertSameTensors(model, read.tensors().values());
      ArrowModelWriter.keepingTypes().write(folder.resolve("arrow"), read);
      try (StoredModel arrow = ModelFormats.open(folder.resolve("arrow"))) {
        new HuggingFaceWriter().write(folder.resolve("exported"), arrow);
      }
    }
    Path exported = folder.resolve("exported");
    assertEquals(-1, Files.mismatch(published, exported.resolve("model.safetensors")));
    assertEquals(3, Files.size(exported.resolve("tokenizer.model")));
  }

  @Test
  void oneFileOfEachTypeIsReadWithoutCopyingAnything() throws IOException {
    for (DType dtype : List.of(DType.F32, DType.F16, DType.BF16)) {
      List<StoredTensor> model = model(dtype, 10, true);
      write(model, 1, 1);
      try (StoredModel read = ModelFormats.open(meta)) {
        assertSameTensors(model, read.tensors().values());
        assertTrue(read.tensor("model.layers.1.mlp.down_proj.weight").data().isMapped());
        String name = read.config().path("torch_dtype").textValue();
        assertEquals(dtype, name.equals("bfloat16") ? DType.BF16 : floatOf(name));
      }
    }
  }

  @Test
  void anEmbeddingSplitByTokensIsThatOfLlama3() throws IOException {
    List<StoredTensor> model = model(DType.BF16, 128_256, true);
    Files.writeString(
        meta.resolve("params.json"),
        PARAMS.replace("-1}", "128256, \"rope_theta\": 500000.0, \"use_scaled_rope\": true}"));
    write(model, 2, 0);
    try (StoredModel read = ModelFormats.open(meta)) {
      assertSameTensors(model, read.tensors().values());
      ObjectNode config = read.config();
      assertEquals(128_000, config.path("bos_token_id").intValue());
      assertEquals("[128001,128009]", config.path("eos_token_id").toString());
      assertEquals(131_072, config.path("max_position_embeddings").intValue());
      assertEquals(500_000, config.path("rope_theta").doubleValue());
      assertEquals(
          "{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,"
              + "\"high_freq_factor\":4.0,\"original_max_position_embeddings\":8192}",
          config.path("rope_scaling").toString());
    }
  }

  @Test
  void paramsBecomeTheConfigOfLlama2() throws IOException {
    write(model(DType.BF16, 10, true), 2, 1);
    try (StoredModel read = ModelFormats.open(meta)) {
      ObjectNode config = read.config();
      assertEquals(16, config.path("hidden_size").intValue());
      assertEquals(24, config.path("intermediate_size").intValue());
      assertEquals(10, config.path("vocab_size").intValue());
      assertEquals(2, config.path("num_hidden_layers").intValue());
      assertEquals(4, config.path("num_attention_heads").intValue());
      assertEquals(2, config.path("num_key_value_heads").intValue());
      assertEquals(4096, config.path("max_position_embeddings").intValue());
      assertEquals(1e-6, config.path("rms_norm_eps").doubleValue());
      assertEquals(10_000, config.path("rope_theta").doubleValue());
      assertEquals(1, config.path("bos_token_id").intValue());
      assertEquals(2, config.path("eos_token_id").intValue());
      assertFalse(config.path("tie_word_embeddings").booleanValue());
      assertFalse(config.has("rope_scaling"));
    }
  }

  @Test
  void thePositionsAreThoseOfTheVersionThatTheBaseTells() throws IOException {
    write(model(DType.BF16, 10, true), 2, 1);
    assertPositions(4096, "-1}");
    assertPositions(4096, "-1, \"rope_theta\": 10000.0}");
    assertPositions(8192, "10, \"rope_theta\": 500000.0}");
    assertPositions(16_384, "-1, \"rope_theta\": 1000000}");
    assertPositions(16_384, "-1, \"rope_theta\": 20000, \"use_scaled_rope\": false}");
    assertPositions(131_072, "-1, \"rope_theta\": 1000000, \"use_scaled_rope\": true}");
  }

  private void assertPositions(int expected, String end) throws IOException {
    String params = PARAMS.replace("-1}", end);
    for (String content : List.of(params, "{\"seed\": 1, \"model\": %s}".formatted(params))) {
      Files.writeString(meta.resolve("params.json"), content);
      try (StoredModel read = ModelFormats.open(meta)) {
        assertEquals(expected, read.config().path("max_position_embeddings").intValue());
      }
    }
  }

  @Test
  void aHeadThatIsMissingOrEqualsTheEmbeddingIsTied() throws IOException {
    List<StoredTensor> model = model(DType.BF16, 10, false);
    write(model, 1, 1);
    assertTied(model);
    SequencedMap<String, StoredTensor> part = ForeignModels.meta(model, HEAD_DIM);
    StoredTensor embedding = part.get("tok_embeddings.weight");
    part.put("output.weight", embedding);
    TorchWriter.save(file(0), part);
    assertTied(model);
    byte[] copy = bytes(embedding.data());
    part.put("output.weight", stored("output", embedding.dtype(), embedding.shape(), copy));
    TorchWriter.save(file(0), part);
    assertTied(model);
    Files.writeString(
        meta.resolve("params.json"), PARAMS.replace("-1}", "-1, \"use_scaled_rope\": true}"));
    try (StoredModel read = ModelFormats.open(meta)) {
      assertEquals(32.0, read.config().path("rope_scaling").path("factor").doubleValue());
    }
  }

  private void assertTied(List<StoredTensor> model) throws IOException {
    try (StoredModel read = ModelFormats.open(meta)) {
      assertSameTensors(model, read.tensors().values());
      assertTrue(read.config().path("tie_word_embeddings").booleanValue());
    }
  }

  @Test
  void missingFilesAreNamed() throws IOException {
    write(model(DType.BF16, 10, true), 2, 1);
    Files.move(file(1), file(2));
    assertRefused(() -> ModelFormats.open(meta), "consolidated.01.pth: there is no such file");
    Files.delete(file(0));
    assertRefused(() -> ModelFormats.open(meta), "consolidated.00.pth: there is no such file");
    Files.delete(file(2));
    assertRefused(() -> ModelFormats.open(meta), "is neither", "params.json");
  }

  @Test
  void partsThatDisagreeAreRefused() throws IOException {
    List<StoredTensor> model = model(DType.BF16, 10, true);
    String norm = "layers.1.ffn_norm.weight";
    refuseSecond(model, norm, part -> tensor("x", DType.BF16, 99, DIM), "01.pth", "other values");
    String down = "layers.0.feed_forward.w2.weight";
    refuseSecond(
        model, down, part -> tensor("x", DType.BF16, 1, DIM, 11), "(16, 11)", "(16, 12)", down);
    refuseSecond(model, down, part -> tensor("x", DType.F16, 1, DIM, 12), "F16 (16, 12)", "BF16");
    refuseSecond(model, "output.weight", part -> null, "'output.weight' is only in one of", "00");
    refuseSecond(model, "more.weight", part -> tensor("x", DType.F16, 1, 3), "'more.weight'");
    refuseSecond(
        model, "tok_embeddings.weight", part -> tensor("x", DType.BF16, 1, 10, 7), "(10, 7)");
  }

  @Test
  void tensorsThatParamsContradictAreRefused() throws IOException {
    write(model(DType.BF16, 10, true), 2, 1);
    refuseParams("\"n_layers\": 2", "\"n_layers\": 3", "no tensor 'layers.2.attention.wq.weight'");
    refuseParams(
        "\"n_layers\": 2", "\"n_layers\": 1", "'layers.1.attention.wq.weight'", "1 layers");
    for (String size : List.of("1000000000", "2147483648", "1025", "0", "-1", "2.5", "null")) {
      refuseParams("\"n_layers\": 2", "\"n_layers\": " + size, "params.json: n_layers is " + size);
    }
    refuseParams("\"dim\": 16", "\"dim\": 2147483647", "params.json: dim is 2147483647", "4194304");
    refuseParams("\"n_kv_heads\": 2", "\"n_kv_heads\": 4", "attention.wk", "(4, 16)", "(8, 16)");
    refuseParams("\"n_kv_heads\": 2", "\"n_kv_heads\": 3", "do not divide");
    refuseParams("\"dim\": 16", "\"dim\": 64", "tok_embeddings", "(10, 8)", "64 or 32 columns");
    refuseParams("\"dim\": 16", "\"dim\": 0", "dim is 0");
    refuseParams("\"dim\": 16,", "", "dim is missing");
    refuseParams("-1", "11", "vocab_size is 11", "10 rows");
    refuseParams("1e-06", "-1", "not positive");
    refuseParams("1e-06", "\"x\"", "norm_eps is \"x\"");
    refuseParams("-1", "-1, \"moe\": {}", "has 'moe'");
    refuseParams("-1", "-1" + " ".repeat(70_000), "bytes, at most 65536");
  }

  @Test
  void everyKeyIsOnThePageOfFormats() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "formats.md"));
    MetaParams.KNOWN.forEach(key -> assertTrue(page.contains("`" + key + "`"), key));
  }

  private void refuseParams(String from, String to, String... facts) throws IOException {
    assertTrue(PARAMS.contains(from));
    Files.writeString(meta.resolve("params.json"), PARAMS.replace(from, to));
    assertRefused(() -> ModelFormats.open(meta), facts);
  }

  private void refuseSecond(
      List<StoredTensor> model, String name, UnaryOperator<StoredTensor> change, String... facts)
      throws IOException {
    write(model, 2, 1);
    SequencedMap<String, StoredTensor> part =
        ForeignModels.part(ForeignModels.meta(model, HEAD_DIM), 1, 2, 1);
    StoredTensor changed = change.apply(part.get(name));
    if (changed == null) {
      part.remove(name);
    } else {
      part.put(name, changed);
    }
    TorchWriter.save(file(1), part);
    assertRefused(() -> ModelFormats.open(meta), facts);
  }

  private static DType floatOf(String name) {
    return name.equals("float16") ? DType.F16 : DType.F32;
  }

  private Path file(int index) {
    return meta.resolve("consolidated.%02d.pth".formatted(index));
  }

  /// @param embeddingAxis along which the embedding is split
  private void write(List<StoredTensor> model, int files, int embeddingAxis) throws IOException {
    for (int i = 0; i < files; i++) {
      TorchWriter.save(
          file(i),
          ForeignModels.part(ForeignModels.meta(model, HEAD_DIM), i, files, embeddingAxis));
    }
  }
}
