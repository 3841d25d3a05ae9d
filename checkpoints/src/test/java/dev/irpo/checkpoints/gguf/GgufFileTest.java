package dev.irpo.checkpoints.gguf;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.bytes;
import static dev.irpo.checkpoints.TestModels.stored;
import static dev.irpo.checkpoints.TestModels.tensor;
import static dev.irpo.checkpoints.gguf.GgufWriter.concat;
import static dev.irpo.checkpoints.gguf.GgufWriter.int32;
import static dev.irpo.checkpoints.gguf.GgufWriter.int64;
import static dev.irpo.checkpoints.gguf.GgufWriter.string;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.ForeignModels;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.TestModels;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.huggingface.SafetensorsWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufFileTest {
  /// 32 columns, 4 heads of 8, 2 KV heads, 64 feed-forward columns, 1 layer, 10 tokens.
  private static final int DIM = 32;

  private static final int HEAD_DIM = 8;
  private static final int Q8_0 = 8;

  @TempDir Path folder;

  @Test
  void aBf16LlamaComesBackBitForBitAndIsExportedAsItWas() throws IOException {
    List<StoredTensor> model = model(DType.BF16, true);
    Path published = folder.resolve("published.safetensors");
    SafetensorsWriter.write(published, model);
    Path file = write(gguf(model));
    Files.write(folder.resolve("tokenizer.model"), new byte[] {1, 2, 3});
    try (StoredModel read = ModelFormats.open(file)) {
      assertEquals("GGUF", read.format().name());
      assertSameTensors(model, read.tensors().values());
      assertTrue(read.tensor("lm_head.weight").data().isMapped());
      new HuggingFaceWriter().write(folder.resolve("exported"), read);
    }
    Path exported = folder.resolve("exported");
    assertEquals(-1, Files.mismatch(published, exported.resolve("model.safetensors")));
    assertEquals(3, Files.size(exported.resolve("tokenizer.model")));
  }

  @Test
  void f32AndVersion2AreReadAsTheyAre() throws IOException {
    List<StoredTensor> model = model(DType.F32, false);
    GgufWriter writer = gguf(model);
    writer.version = 2;
    try (StoredModel read = ModelFormats.open(write(writer))) {
      assertSameTensors(model, read.tensors().values());
      assertTrue(read.config().path("tie_word_embeddings").booleanValue());
    }
  }

  @Test
  void f16NormsBecomeHalfPrecisionOnlyWhereNoBitIsLost() throws IOException {
    List<StoredTensor> model = new ArrayList<>(model(DType.F16, true));
    int last = model.size() - 2;
    float[] inexact = new float[DIM];
    Arrays.fill(inexact, 1.0001f);
    model.set(last, TestModels.floats("model.norm.weight", Shape.of(DIM), inexact));
    try (StoredModel read = ModelFormats.open(write(gguf(model)))) {
      assertSameTensors(model, read.tensors().values());
    }
  }

  @Test
  void q8BlocksAreReadAsF32InHuggingFacesOrderOfRows() throws IOException {
    GgufWriter writer = gguf(model(DType.F32, false));
    ByteBuffer blocks = ByteBuffer.allocate(DIM * 34).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < DIM; row++) {
      blocks.putShort(Float.floatToFloat16(0.5f));
      for (int i = 0; i < DIM; i++) {
        blocks.put((byte) (row - i));
      }
    }
    replace(writer, "blk.0.attn_q.weight", Q8_0, blocks.array(), DIM, DIM);
    ByteBuffer expected = ByteBuffer.allocate(DIM * DIM * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < DIM; row++) {
      int inHead = row % HEAD_DIM;
      int source = row - inHead + (inHead < 4 ? 2 * inHead : 2 * (inHead - 4) + 1);
      for (int i = 0; i < DIM; i++) {
        expected.putFloat(0.5f * (source - i));
      }
    }
    try (StoredModel read = ModelFormats.open(write(writer));
        Arena arena = Arena.ofConfined()) {
      StoredTensor query = read.tensor("model.layers.0.self_attn.q_proj.weight");
      assertEquals(DType.F32, query.dtype());
      assertArrayEquals(expected.array(), bytes(query.inMemory(arena).data()));
      StoredTensor quantised = query.quantised().orElseThrow().inMemory(arena);
      assertEquals(DType.Q8_0, quantised.dtype());
      for (int row = 0; row < DIM; row++) {
        int inHead = row % HEAD_DIM;
        int source = row - inHead + (inHead < 4 ? 2 * inHead : 2 * (inHead - 4) + 1);
        byte[] block = Arrays.copyOfRange(blocks.array(), source * 34, source * 34 + 34);
        assertArrayEquals(block, bytes(quantised.data().asSlice(row * 34L, 34)), "row " + row);
      }
    }
  }

  @Test
  void q8BlocksStayInTheMap() throws IOException {
    GgufWriter writer = gguf(model(DType.F32, false));
    byte[] blocks = new byte[16 * 34];
    new SplittableRandom(5).nextBytes(blocks);
    replace(writer, "blk.0.attn_v.weight", Q8_0, blocks, 16, DIM);
    try (StoredModel read = ModelFormats.open(write(writer))) {
      StoredTensor value = read.tensor("model.layers.0.self_attn.v_proj.weight");
      StoredTensor quantised = value.quantised().orElseThrow();
      assertTrue(quantised.data().isMapped());
      assertArrayEquals(blocks, bytes(quantised.data()));
      assertTrue(read.tensor("model.layers.0.mlp.up_proj.weight").quantised().isEmpty());
    }
  }

  @Test
  void theKeysBecomeTheConfig() throws IOException {
    GgufWriter writer = gguf(model(DType.BF16, true));
    writer.values.put("tokenizer.ggml.eos_token_id", 7);
    writer.values.put("tokenizer.ggml.eot_token_id", 9);
    writer.values.put(
        "general.tags", new GgufWriter.Raw(9, concat(int32(8), int64(1), string("a"))));
    addRopeFactors(writer, 8);
    try (StoredModel read = ModelFormats.open(write(writer))) {
      ObjectNode config = read.config();
      assertEquals(DIM, config.path("hidden_size").intValue());
      assertEquals(64, config.path("intermediate_size").intValue());
      assertEquals(2, config.path("num_key_value_heads").intValue());
      assertEquals(HEAD_DIM, config.path("head_dim").intValue());
      assertEquals(1e-5, config.path("rms_norm_eps").doubleValue());
      assertEquals(500_000, config.path("rope_theta").doubleValue());
      assertEquals("[7,9]", config.path("eos_token_id").toString());
      assertEquals("bfloat16", config.path("torch_dtype").textValue());
      assertEquals(
          "{\"rope_type\":\"llama3\",\"factor\":8.0,\"low_freq_factor\":1.0,"
              + "\"high_freq_factor\":4.0,\"original_max_position_embeddings\":8192}",
          config.path("rope_scaling").toString());
    }
  }

  @Test
  void aTokenizerMustLieBesideItOrBeNamed() throws IOException {
    Path file = write(gguf(model(DType.BF16, true)));
    try (StoredModel read = ModelFormats.open(file)) {
      assertRefused(read::requireTokenizer, "m.gguf", "no tokenizer inside", "--tokenizer");
      Path beside = Files.write(folder.resolve("tokenizer.json"), new byte[] {1});
      assertEquals(List.of(beside), read.tokenizers());
    }
  }

  @Test
  void otherModelsAndTypesAreRefusedByName() {
    refused(w -> w.values.put("general.architecture", "mamba"), "mamba", "only llama");
    refused(w -> w.values.put("general.type", "adapter"), "general.type is adapter", "only model");
    refused(w -> w.values.put("llama.rope.dimension_count", 4), "dimension_count is 4, only 8");
    refused(w -> w.values.put("llama.attention.value_length", 4), "value_length is 4, only 8");
    refused(w -> w.values.put("llama.expert_count", 8), "expert_count is 8");
    refused(w -> w.values.put("split.count", 2), "split.count is 2");
    refused(w -> replace(w, "output_norm.weight", 12, new byte[128], DIM), "Q4_K", "Q8_0");
    refused(w -> replace(w, "output_norm.weight", 99, new byte[128], DIM), "number 99");
    refused(w -> w.add("blk.0.attn_q.bias", 0, new byte[128], DIM), "attn_q.bias");
    refused(w -> w.tensors.removeLast(), "token_embd.weight", "has no tensor");
  }

  @Test
  void aKeyThatIsNotReadPassesOnlyWhereItChangesNothing() throws IOException {
    refused(w -> w.values.put("llama.some_new_thing", 1), "llama.some_new_thing (1)");
    GgufWriter writer = gguf(model(DType.BF16, true));
    GgufKeys.NEUTRAL.forEach((name, neutral) -> {
      String key = GgufArchitecture.LLAMA.prefix() + name;
      refused(w -> w.values.put(key, 7), key + " is 7");
      refused(w -> w.values.put(key, 0.5f), key + " is 0.5");
      Object value = neutral.getFirst();
      writer.values.put(
          key,
          switch (value) {
            case Boolean flag -> new GgufWriter.Raw(7, new byte[] {(byte) (flag ? 1 : 0)});
            case Double number -> number.floatValue();
            default -> value;
          });
    });
    GgufKeys.IGNORED.forEach(name -> writer.values.put(GgufArchitecture.LLAMA.prefix() + name, 3));
    writer.values.put("general.name", "adapter");
    writer.values.put("general.type", "model");
    writer.values.put("some.community.key", 1);
    ModelFormats.open(write(writer)).close();
    writer.values.put("llama.attention.sliding_window", 128);
    ModelFormats.open(write(writer)).close();
    writer.values.put("llama.attention.sliding_window", 127);
    assertRefused(() -> ModelFormats.open(write(writer)).close(), "sliding_window is 127");
  }

  @Test
  void everyKeyIsOnThePageOfFormats() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "formats.md"));
    for (Set<String> keys :
        List.of(
            GgufKeys.READ, GgufKeys.NEUTRAL.keySet(), GgufKeys.IGNORED, GgufKeys.WHOLE.keySet())) {
      keys.forEach(key -> assertTrue(page.contains("`" + key + "`"), key));
    }
  }

  @Test
  void damagedFilesAreRefused() {
    refused(w -> w.version = 1, "version 1");
    refused(w -> w.numTensors = 65_537L, "65537 tensors", "65536");
    refused(w -> w.numKeys = -1L, "18446744073709551615 keys");
    refused(w -> w.numKeys = 1000L, "m.gguf");
    refused(w -> array(w, 9, 1), "array of arrays");
    refused(w -> array(w, 0, (1 << 21) + 1), "2097153");
    refused(w -> array(w, 10, 1 << 21), "16777216 bytes");
    refused(w -> array(w, 13, 1), "type 13");
    refused(w -> w.values.put("x", new GgufWriter.Raw(8, int64(1L << 62))), "4611686018427387904");
    refused(w -> w.values.put("x", new GgufWriter.Raw(8, int64(-1))), "18446744073709551615");
    refused(w -> w.values.put("general.alignment", 24), "alignment is 24");
    refused(w -> w.values.put("llama.block_count", "many"), "block_count is many");
    for (String key :
        List.of(
            "block_count",
            "embedding_length",
            "feed_forward_length",
            "attention.head_count",
            "attention.head_count_kv",
            "attention.key_length",
            "context_length")) {
      for (int size : new int[] {Integer.MAX_VALUE, -1, 0}) {
        refused(
            w -> w.values.put("llama." + key, size),
            "m.gguf: llama.%s is %s".formatted(key, Integer.toUnsignedString(size)));
      }
    }
    refused(w -> w.values.put("llama.attention.key_length", 1 << 21), "2097152", "4194304");
    refused(w -> w.values.put("llama.attention.head_count", 3), "32", "3");
    refused(w -> w.add("x", 0, new byte[4]), "0 axes");
    refused(w -> w.add("x", 0, new byte[4], 1, 1, 1, 1, 1), "5 axes");
    refused(w -> w.add("x", 0, new byte[4], 0), "axis of 0");
    refused(w -> w.add("x", 0, new byte[4], 1 << 30, 1 << 30, 1 << 30), "elements");
    refused(w -> w.add("x", 0, new byte[4], 1 << 30), "4294967296 bytes");
    refused(w -> w.add("x", Q8_0, new byte[34], 31), "rows of 31");
    refused(w -> place(w, 0), "begins at offset 0");
    refused(w -> place(w, 4), "offset 4");
    refused(w -> place(w, 1L << 40), "offset 1099511627776");
    refused(w -> place(w, -32), "18446744073709551584");
    refused(w -> w.tensors.add(w.tensors.getFirst()), "twice");
  }

  @Test
  void aSizeMayBeSaidForEachLayerIfAllAreAlike() throws IOException {
    GgufWriter writer = gguf(model(DType.BF16, true));
    writer.values.put("llama.attention.head_count", layers(5, 4));
    writer.values.put("llama.attention.head_count_kv", layers(5, 2));
    writer.values.put("llama.feed_forward_length", layers(4, 64));
    try (StoredModel read = ModelFormats.open(write(writer))) {
      assertEquals(4, read.config().path("num_attention_heads").intValue());
      assertEquals(2, read.config().path("num_key_value_heads").intValue());
      assertEquals(64, read.config().path("intermediate_size").intValue());
    }
    String kv = "llama.attention.head_count_kv";
    refused(w -> w.values.put(kv, layers(5, 2, 2)), kv + " has 2 elements for 1 layers");
    refused(w -> w.values.put(kv, layers(5)), kv + " has 0 elements");
    refused(w -> w.values.put(kv, layers(6, 2)), kv + " has elements of type FLOAT32");
    refused(w -> w.values.put(kv, layers(5, -2)), kv + " is -2");
    refused(
        w -> {
          w.values.put("llama.block_count", 2);
          w.values.put(kv, layers(4, 2, 1));
        },
        kv + " is 2 in layer 0 and 1 in layer 1");
    refused(w -> w.values.put("llama.block_count", layers(5, 1)), "block_count is an array");
  }

  private static GgufWriter.Raw layers(int type, int... values) {
    byte[] elements = {};
    for (int value : values) {
      elements = concat(elements, int32(value));
    }
    return new GgufWriter.Raw(9, concat(int32(type), int64(values.length), elements));
  }

  @Test
  void everyTruncationIsRefused() throws IOException {
    byte[] whole = gguf(model(DType.BF16, true)).bytes();
    for (int length = 4; length < whole.length; length += length < 1500 ? 7 : 997) {
      Path file = Files.write(folder.resolve("m.gguf"), Arrays.copyOf(whole, length));
      assertRefused(() -> ModelFormats.open(file).close(), "m.gguf");
    }
  }

  private void refused(Consumer<GgufWriter> change, String... facts) {
    GgufWriter writer = gguf(model(DType.BF16, true));
    change.accept(writer);
    assertRefused(() -> ModelFormats.open(write(writer)).close(), facts);
  }

  private Path write(GgufWriter writer) throws IOException {
    return Files.write(folder.resolve("m.gguf"), writer.bytes());
  }

  private static void array(GgufWriter writer, int type, int length) {
    writer.values.put("x", new GgufWriter.Raw(9, concat(int32(type), int64(length))));
  }

  private static void place(GgufWriter writer, long offset) {
    writer.tensors.add(new GgufWriter.Entry("x", 0, new long[] {8}, new byte[32], offset));
  }

  private static void replace(
      GgufWriter writer, String name, int type, byte[] data, long... sizes) {
    writer.tensors.replaceAll(entry ->
        entry.name().equals(name) ? new GgufWriter.Entry(name, type, sizes, data, null) : entry);
  }

  private static void addRopeFactors(GgufWriter writer, float factor) {
    ByteBuffer table = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);
    table.putFloat(1).putFloat(1).putFloat(2.694_529_8f).putFloat(factor);
    writer.add("rope_freqs.weight", 0, table.array(), HEAD_DIM / 2);
  }

  private static List<StoredTensor> model(DType dtype, boolean ownHead) {
    List<StoredTensor> model = new ArrayList<>();
    String layer = "model.layers.0.";
    model.add(tensor("model.embed_tokens.weight", dtype, 1, 10, DIM));
    model.add(tensor(layer + "self_attn.q_proj.weight", dtype, 2, DIM, DIM));
    model.add(tensor(layer + "self_attn.k_proj.weight", dtype, 3, 16, DIM));
    model.add(tensor(layer + "self_attn.v_proj.weight", dtype, 4, 16, DIM));
    model.add(tensor(layer + "self_attn.o_proj.weight", dtype, 5, DIM, DIM));
    model.add(tensor(layer + "mlp.gate_proj.weight", dtype, 6, 64, DIM));
    model.add(tensor(layer + "mlp.up_proj.weight", dtype, 7, 64, DIM));
    model.add(tensor(layer + "mlp.down_proj.weight", dtype, 8, DIM, 64));
    model.add(norm(layer + "input_layernorm.weight", dtype));
    model.add(norm(layer + "post_attention_layernorm.weight", dtype));
    model.add(norm("model.norm.weight", dtype));
    if (ownHead) {
      model.add(tensor("lm_head.weight", dtype, 9, 10, DIM));
    }
    return model;
  }

  /// Values that every type holds exactly.
  private static StoredTensor norm(String name, DType dtype) {
    ByteBuffer data = ByteBuffer.allocate(DIM * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < DIM; i++) {
      float value = (i - 5) / 32f;
      switch (dtype) {
        case BF16 -> data.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        case F16 -> data.putShort(Float.floatToFloat16(value));
        default -> data.putFloat(value);
      }
    }
    return stored(name, dtype, Shape.of(DIM), data.array());
  }

  /// 4 heads, 2 KV heads, 1 layer.
  private static GgufWriter gguf(List<StoredTensor> model) {
    return ForeignModels.gguf(model, HEAD_DIM, 500_000);
  }
}
