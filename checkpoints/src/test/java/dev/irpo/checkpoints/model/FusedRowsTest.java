package dev.irpo.checkpoints.model;

import static dev.irpo.checkpoints.TestModels.assertRefused;
import static dev.irpo.checkpoints.TestModels.assertSameTensors;
import static dev.irpo.checkpoints.TestModels.config;
import static dev.irpo.checkpoints.TestModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.gguf.GgufArchitecture;
import dev.irpo.checkpoints.gguf.GgufModelWriter;
import dev.irpo.checkpoints.gguf.GgufType;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.huggingface.SafetensorsFile;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.tensor.stored.TensorContent;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Phi 3's joined projections: 4 heads of 8, 2 of keys, width 32, 3 feed-forward columns, 10
/// tokens.
class FusedRowsTest {
  private static final String LAYER = "model.layers.0.";
  private static final String QKV = LAYER + "self_attn.qkv_proj.weight";
  private static final String GATE_UP = LAYER + "mlp.gate_up_proj.weight";
  private static final int DIM = 32;

  @TempDir private Path folder;

  private static ObjectNode phi3() {
    return config()
        .put("model_type", "phi3")
        .put("num_attention_heads", 4)
        .put("num_key_value_heads", 2);
  }

  private static SequencedMap<String, StoredTensor> byName(List<StoredTensor> tensors) {
    SequencedMap<String, StoredTensor> byName = new LinkedHashMap<>();
    tensors.forEach(tensor -> byName.put(tensor.name(), tensor));
    return byName;
  }

  private static List<StoredTensor> file(DType dtype) {
    return List.of(
        tensor("model.embed_tokens.weight", dtype, 1, 10, DIM),
        tensor(LAYER + "input_layernorm.weight", dtype, 2, DIM),
        tensor(QKV, dtype, 3, 64, DIM),
        tensor(LAYER + "self_attn.o_proj.weight", dtype, 4, DIM, DIM),
        tensor(LAYER + "post_attention_layernorm.weight", dtype, 5, DIM),
        tensor(GATE_UP, dtype, 6, 6, DIM),
        tensor(LAYER + "mlp.down_proj.weight", dtype, 7, DIM, 3),
        tensor("model.norm.weight", dtype, 8, DIM));
  }

  private static byte[] bytes(StoredTensor tensor) {
    byte[] bytes = new byte[Math.toIntExact(tensor.content().byteSize())];
    tensor.content().read(0, MemorySegment.ofArray(bytes));
    return bytes;
  }

  @Test
  void rowsAreCutByHeadsWithoutACopyAndJoinedAgain() {
    List<StoredTensor> file = file(DType.BF16);
    SequencedMap<String, StoredTensor> cut = FusedRows.cut(phi3(), byName(file));
    MemorySegment whole = file.get(2).data();
    long row = DIM * 2L;
    int first = 0;
    for (String part : List.of("q", "k", "v")) {
      StoredTensor own = cut.get(LAYER + "self_attn." + part + "_proj.weight");
      int rows = part.equals("q") ? 32 : 16;
      assertEquals(Shape.of(rows, DIM), own.shape());
      assertEquals(whole.address() + first * row, own.data().address());
      first += rows;
    }
    assertEquals(Shape.of(3, DIM), cut.get(LAYER + "mlp.up_proj.weight").shape());
    assertEquals(
        file.get(5).data().address() + 3 * row,
        cut.get(LAYER + "mlp.up_proj.weight").data().address());
    assertEquals(11, cut.size());
    assertSameTensors(file, FusedRows.joined(phi3(), cut.values()));
  }

  @Test
  void otherFamiliesStayAsTheyAre() {
    SequencedMap<String, StoredTensor> tensors = byName(file(DType.F32));
    assertSame(tensors, FusedRows.cut(config(), tensors));
    assertEquals(List.copyOf(tensors.values()), FusedRows.joined(config(), tensors.values()));
    assertTrue(FusedRows.isPart("k_proj") && FusedRows.isPart("gate_proj"));
    assertTrue(!FusedRows.isPart("o_proj") && !FusedRows.isPart("qkv_proj"));
  }

  @Test
  void eachPartOfAnAdapterHasItsRowsOfOneFactorAndAllOfTheOther() {
    StoredTensor a = tensor(LAYER + "self_attn.qkv_proj.lora_A.weight", DType.F32, 1, 2, DIM);
    StoredTensor b = tensor(LAYER + "self_attn.qkv_proj.lora_B.weight", DType.F32, 2, 64, 2);
    SequencedMap<String, StoredTensor> cut = FusedRows.cut(phi3(), byName(List.of(a, b)));
    assertEquals(6, cut.size());
    StoredTensor value = cut.get(LAYER + "self_attn.v_proj.lora_A.weight");
    assertTrue(value.hasElementsOf(a));
    StoredTensor rows = cut.get(LAYER + "self_attn.v_proj.lora_B.weight");
    assertTrue(rows.hasElementsOf(b.rows(48, 16)));
  }

  @Test
  void rowsThatHeadsDoNotDivideAreRefused() {
    StoredTensor odd = tensor(QKV, DType.F32, 1, 60, DIM);
    assertRefused(
        () -> FusedRows.cut(phi3(), byName(List.of(odd))), QKV, "60 rows", "4 heads and 2 of keys");
    ObjectNode without = phi3();
    without.remove("num_attention_heads");
    assertRefused(() -> FusedRows.cut(without, byName(file(DType.F32))), QKV, "0 heads");
    ObjectNode many =
        phi3().put("num_attention_heads", 3).put("num_key_value_heads", Long.MAX_VALUE);
    assertRefused(() -> FusedRows.cut(many, byName(file(DType.F32))), QKV, "3 heads");
    StoredTensor flat = tensor(QKV, DType.F32, 1, 64);
    assertSame(flat, FusedRows.cut(phi3(), byName(List.of(flat))).get(QKV));
    StoredTensor half = tensor(GATE_UP, DType.F32, 1, 7, DIM);
    assertRefused(() -> FusedRows.cut(phi3(), byName(List.of(half))), GATE_UP, "7 rows");
  }

  @Test
  void partsOfSeveralTypesNeedOne() throws IOException {
    List<StoredTensor> tensors =
        new ArrayList<>(FusedRows.cut(phi3(), byName(file(DType.BF16))).values());
    String key = LAYER + "self_attn.k_proj.weight";
    tensors.replaceAll(
        tensor -> tensor.name().equals(key) ? tensor(key, DType.F32, 9, 16, DIM) : tensor);
    assertRefused(
        () -> FusedRows.joined(phi3(), tensors), "q_proj", "BF16", "k_proj", "F32", "--dtype");
    new HuggingFaceWriter(1 << 20, Optional.of(DType.F16))
        .write(folder.resolve("one"), phi3(), tensors, TokenizerFiles.none());
    tensors.removeIf(tensor -> tensor.name().equals(key));
    assertRefused(() -> FusedRows.joined(phi3(), tensors), "has no matrix '" + key);
  }

  @Test
  void contentsEndToEndAreReadFromAnywhere() {
    List<TensorContent> parts =
        List.of(
            tensor("a", DType.F32, 1, 3).content(),
            tensor("b", DType.F32, 2, 5).content(),
            tensor("c", DType.F32, 3, 2).content());
    TensorContent all = new ConcatenatedContent(parts);
    assertEquals(40, all.byteSize());
    byte[] expected = new byte[40];
    parts.get(0).read(0, MemorySegment.ofArray(expected).asSlice(0, 12));
    parts.get(1).read(0, MemorySegment.ofArray(expected).asSlice(12, 20));
    parts.get(2).read(0, MemorySegment.ofArray(expected).asSlice(32, 8));
    for (int from = 0; from <= 40; from++) {
      for (int to = from; to <= 40; to++) {
        byte[] found = new byte[to - from];
        all.read(from, MemorySegment.ofArray(found));
        assertArrayEquals(Arrays.copyOfRange(expected, from, to), found);
      }
    }
  }

  @Test
  void aFolderIsReadAndWrittenUnderItsOwnNames() throws IOException {
    List<StoredTensor> file = file(DType.BF16);
    Path first = folder.resolve("first");
    new HuggingFaceWriter()
        .write(first, phi3(), FusedRows.cut(phi3(), byName(file)).values(), TokenizerFiles.none());
    try (StoredModel model = ModelFormats.open(first);
        Arena arena = Arena.ofConfined()) {
      assertSameTensors(
          file, SafetensorsFile.map(first.resolve("model.safetensors"), arena).tensors());
      assertTrue(model.tensor(LAYER + "self_attn.v_proj.weight").data().isMapped());
      assertEquals(11, model.tensors().size());
    }
  }

  private SequencedMap<String, Object> keys(int window) {
    SequencedMap<String, Object> values = new LinkedHashMap<>();
    values.put("general.architecture", "phi3");
    values.put("phi3.context_length", 64);
    values.put("phi3.rope.scaling.original_context_length", 64);
    values.put("phi3.embedding_length", DIM);
    values.put("phi3.feed_forward_length", 3);
    values.put("phi3.block_count", 1);
    values.put("phi3.attention.head_count", 4);
    values.put("phi3.attention.head_count_kv", 2);
    values.put("phi3.attention.layer_norm_rms_epsilon", 1e-5f);
    values.put("phi3.rope.dimension_count", 8);
    values.put("phi3.rope.freq_base", 10_000f);
    values.put("phi3.attention.sliding_window", window);
    values.put("tokenizer.ggml.model", "no_vocab");
    return values;
  }

  /// The keys are those of llama.cpp's converter, 0 for no window.
  @ParameterizedTest
  @CsvSource({"0, F32", "13, F32", "13, BF16", "64, F32"})
  void aGgufHoldsThemTooWithTheWindow(int window, GgufType type) throws IOException {
    DType dtype = DType.valueOf(type.name());
    SequencedMap<String, StoredTensor> model = FusedRows.cut(phi3(), byName(file(dtype)));
    Path target = folder.resolve("m.gguf");
    new GgufModelWriter(GgufArchitecture.PHI3, type, 8)
        .write(target, keys(window), model.values(), new float[0], _ -> {});
    try (StoredModel read = ModelFormats.open(target)) {
      assertEquals("phi3", read.config().path("model_type").asText());
      assertEquals(window, read.config().path("sliding_window").asInt());
      assertEquals(window > 0, read.config().has("sliding_window"));
      assertEquals(model.keySet(), read.tensors().keySet());
      for (String name : model.keySet()) {
        assertArrayEquals(bytes(model.get(name)), bytes(read.tensor(name)), name);
      }
      assertTrue(read.tensor(LAYER + "self_attn.v_proj.weight").data().isMapped());
    }
  }

  @Test
  void aWindowThatIsNoNumberIsRefused() throws IOException {
    Path target = folder.resolve("m.gguf");
    SequencedMap<String, Object> values = keys(0);
    values.put("phi3.attention.sliding_window", 1.5f);
    new GgufModelWriter(GgufArchitecture.PHI3, GgufType.F32, 8)
        .write(
            target,
            values,
            FusedRows.cut(phi3(), byName(file(DType.F32))).values(),
            new float[0],
            _ -> {});
    assertRefused(() -> ModelFormats.open(target).close(), "phi3.attention.sliding_window is 1.5");
  }
}
