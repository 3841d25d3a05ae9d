package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.tensor.Shape;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.aggregator.ArgumentsAccessor;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class LlamaConfigTest {
  private static Map<String, Object> json() {
    return new HashMap<>(TinyModel.config(false).toHuggingFace());
  }

  static String refusal(Map<String, Object> json) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> LlamaConfig.of(json)).getMessage();
    assertFalse(message.contains("\n"), message);
    return message;
  }

  @Test
  void whatIsWrittenIsReadBack() {
    for (boolean tied : new boolean[] {false, true}) {
      LlamaConfig config = TinyModel.config(tied);
      assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
    }
  }

  @Test
  void theRopeBaseIsReadFromOldAndNewKeys() {
    Map<String, Object> json = json();
    json.remove("rope_parameters");
    json.put("rope_theta", 500_000.0);
    assertEquals(500_000, LlamaConfig.of(json).ropeBase());
    json.put("rope_parameters", Map.of("rope_theta", 20_000, "rope_type", "default"));
    assertEquals(20_000, LlamaConfig.of(json).ropeBase());
    json.remove("rope_theta");
    json.remove("rope_parameters");
    assertEquals(10_000, LlamaConfig.of(json).ropeBase());
  }

  @Test
  void missingHeadDimAndKeyHeadsFollowFromTheHeads() {
    Map<String, Object> json = json();
    json.remove("head_dim");
    json.remove("num_key_value_heads");
    assertEquals(6, LlamaConfig.of(json).headDim());
    assertEquals(4, LlamaConfig.of(json).numKvHeads());
  }

  @Test
  void severalEndTokensAreKeptInOrder() {
    Map<String, Object> json = json();
    json.put("eos_token_id", List.of(5, 2));
    assertEquals(List.of(5, 2), LlamaConfig.of(json).eosIds());
    assertEquals(5, LlamaConfig.of(json).eosId());
  }

  @Test
  void anAbsentTokenIsLlama2sAndNullOrWhatIsNoTokenIsNone() {
    Map<String, Object> json = json();
    json.remove("bos_token_id");
    json.remove("eos_token_id");
    assertEquals(1, LlamaConfig.of(json).bosId());
    assertEquals(List.of(2), LlamaConfig.of(json).eosIds());
    json.put("bos_token_id", null);
    json.put("eos_token_id", null);
    assertEquals(-1, LlamaConfig.of(json).bosId());
    assertEquals(List.of(), LlamaConfig.of(json).eosIds());
    json.put("bos_token_id", 61);
    json.put("eos_token_id", List.of(-1, 60, 61, 5));
    assertEquals(-1, LlamaConfig.of(json).bosId());
    assertEquals(List.of(60, 5), LlamaConfig.of(json).eosIds());
    json.put("bos_token_id", -1);
    assertEquals(-1, LlamaConfig.of(json).bosId());
  }

  @ParameterizedTest
  @CsvSource({
    "model_type, gpt2",
    "hidden_act, gelu",
    "num_key_value_heads, 3",
    "vocab_size, 0",
    "vocab_size, 2147483647",
    "hidden_size, many",
    "hidden_size, 2147483647",
    "hidden_size, -24",
    "intermediate_size, 2147483647",
    "num_hidden_layers, 1000000000",
    "num_hidden_layers, 0",
    "num_attention_heads, 2147483646",
    "num_key_value_heads, -2",
    "head_dim, 2147483646",
    "head_dim, 2097152",
    "max_position_embeddings, 2147483647",
    "max_position_embeddings, -1"
  })
  void anImpossibleValueIsRefusedByKeyAndValue(String key, String text) {
    Map<String, Object> json = json();
    json.put(key, text.matches("-?\\d+") ? (Object) Integer.valueOf(text) : text);
    String message = refusal(json);
    assertTrue(message.contains(key) && message.contains(text), message);
  }

  @Test
  void sizesBeyondAnIntAreRefusedByKeyAndValue() {
    for (Number size : List.of(2147483648L, 1e300, new BigInteger("9".repeat(30)), 2.5)) {
      Map<String, Object> json = json();
      json.put("num_hidden_layers", size);
      String message = refusal(json);
      assertTrue(message.contains("num_hidden_layers is " + size), message);
    }
  }

  static Stream<Arguments> refusals() {
    return Stream.of(
        refused("mixtral", "model_type", "mixtral"),
        refused("qwen2_moe", "model_type", "qwen2_moe"),
        refused("gemma", "model_type", "gemma"),
        refused("phimoe", "model_type", "phimoe"),
        refused("hidden_act is gelu", "hidden_act", "gelu"),
        refused("attention_bias is true", "attention_bias", true),
        refused("mlp_bias is true", "mlp_bias", true),
        refused("sliding_window is 95 of 96", "sliding_window", 95),
        refused(
            "layer_types is [full_attention, sliding_attention]",
            "layer_types",
            List.of("full_attention", "sliding_attention")),
        refused("attention_multiplier is 0.5", "attention_multiplier", 0.5),
        refused("logits_scaling is 8", "logits_scaling", 8),
        refused("final_logit_softcapping is 30.0", "final_logit_softcapping", 30.0),
        refused("use_qk_norm is true", "use_qk_norm", true),
        refused("num_local_experts is 8", "num_local_experts", 8),
        refused("num_experts is 64", "num_experts", 64),
        refused("partial_rotary_factor is 0.5", "partial_rotary_factor", 0.5),
        refused("rope_interleaved is true", "rope_interleaved", true),
        refused("gptq", "quantization_config", Map.of("quant_method", "gptq", "bits", 4)),
        refused("awq", "quantization_config", Map.of("quant_method", "awq")),
        refused("type su", "rope_scaling", Map.of("type", "su", "factor", 2)),
        refused("alpha 1000.0", "rope_scaling", Map.of("type", "dynamic", "alpha", 1000.0)),
        refused("rope_scaling is linear", "rope_scaling", "linear"),
        refused("short_factor", "rope_parameters", Map.of("rope_type", "longrope")),
        refused("64 of 96 positions", "rope_scaling", longRope(List.of(1, 2, 3), List.of(1, 2, 4))),
        refused("short_factor", "rope_scaling", longRope(1, List.of(1, 2, 3))),
        refused(
            "sliding_attention",
            "rope_parameters",
            Map.of("full_attention", Map.of(), "sliding_attention", Map.of())),
        refused("lacks factor", "rope_scaling", Map.of("type", "linear")),
        refused("lacks low_freq_factor", "rope_scaling", Map.of("type", "llama3", "factor", 8)),
        refused("rope_parameters", "rope_scaling", Map.of("type", "linear", "factor", 2.0)),
        refused(
            "partial_rotary_factor is 0.25",
            "rope_parameters",
            Map.of("rope_type", "default", "partial_rotary_factor", 0.25)));
  }

  /// Of a model whose first context is 32 of 96 positions.
  private static Map<String, Object> longRope(Object shortFactor, Object longFactor) {
    return Map.of(
        "type",
        "longrope",
        "short_factor",
        shortFactor,
        "long_factor",
        longFactor,
        "original_max_position_embeddings",
        32);
  }

  private static Arguments refused(String fact, String key, Object value) {
    return Arguments.of(fact, key, value);
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void whatIsNoLlamaIsRefusedByName(String fact, String key, Object value) {
    Map<String, Object> json = json();
    json.put(key, value);
    String message = refusal(json);
    assertTrue(message.startsWith("config.json: ") && message.contains(fact), message);
  }

  /// The keys that every family needs, without those that an absent key says something of.
  static Map<String, Object> family(String modelType) {
    Map<String, Object> json = new HashMap<>();
    json.put("model_type", modelType);
    json.put("vocab_size", 61);
    json.put("hidden_size", 24);
    json.put("intermediate_size", 40);
    json.put("num_hidden_layers", 4);
    json.put("num_attention_heads", 32);
    json.put("head_dim", 6);
    return json;
  }

  @ParameterizedTest
  @EnumSource
  void aFamilyIsReadAndWrittenUnderItsName(Family family) {
    Map<String, Object> json = family(family.modelType());
    json.put("sliding_window", null);
    LlamaConfig config = LlamaConfig.of(json);
    assertEquals(family, config.layers().family());
    assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
    assertEquals(family.modelType(), config.toHuggingFace().get("model_type"));
    assertEquals(List.of(family.architecture()), config.toHuggingFace().get("architectures"));
  }

  @Test
  void qwen2HasBiasesOfItsProjectionsAndNoTokensByDefault() {
    LlamaConfig config = LlamaConfig.of(family("qwen2"));
    assertEquals(Shape.of(192), config.layerShapes().get("self_attn.q_proj.bias"));
    assertEquals(Shape.of(192), config.layerShapes().get("self_attn.v_proj.bias"));
    assertEquals(12, config.layerShapes().size());
    assertEquals(32, config.numKvHeads());
    assertEquals(32_768, config.maxPositions());
    assertEquals(-1, config.bosId());
    assertEquals(List.of(), config.eosIds());
  }

  /// Qwen2.5 0.5B, 1.5B and 7B, Qwen3 0.6B, Mistral 7B v0.3, SmolLM3 3B, Phi-3-mini.
  @ParameterizedTest
  @CsvSource({
    "qwen2, 151936, 896, 4864, 24, 14, 2, 64, true, 494032768",
    "qwen2, 151936, 1536, 8960, 28, 12, 2, 128, true, 1543714304",
    "qwen2, 152064, 3584, 18944, 28, 28, 4, 128, false, 7615616512",
    "qwen3, 151936, 1024, 3072, 28, 16, 8, 128, true, 596049920",
    "mistral, 32768, 4096, 14336, 32, 32, 8, 128, false, 7248023552",
    "smollm3, 128256, 2048, 11008, 36, 16, 4, 128, true, 3075098624",
    "phi3, 32064, 3072, 8192, 32, 32, 32, 96, false, 3821079552",
  })
  void aPublishedModelOfAFamilyHasItsKnownNumberOfParameters(ArgumentsAccessor row) {
    Map<String, Object> json = family(row.getString(0));
    List<String> keys =
        List.of(
            "vocab_size",
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim");
    for (int i = 0; i < keys.size(); i++) {
      json.put(keys.get(i), row.getInteger(i + 1));
    }
    json.put("tie_word_embeddings", row.getBoolean(8));
    json.put("sliding_window", null);
    assertEquals(row.getLong(9), LlamaConfig.of(json).numParameters());
  }

  @Test
  void qwen3HasNormsOfItsHeadsWhoseSizeIsAnyOther() {
    Map<String, Object> json = family("qwen3");
    json.remove("head_dim");
    LlamaConfig config = LlamaConfig.of(json);
    assertEquals(128, config.headDim());
    assertEquals(Shape.of(128), config.layerShapes().get("self_attn.q_norm.weight"));
    assertEquals(Shape.of(128), config.layerShapes().get("self_attn.k_norm.weight"));
    assertEquals(11, config.layerShapes().size());
  }

  @Test
  void smolLm3DoesNotRotateEachFourthLayerOrThoseThatAreNamed() {
    Map<String, Object> json = family("smollm3");
    LlamaConfig config = LlamaConfig.of(json);
    assertEquals(List.of(3), config.layers().unrotated());
    assertEquals(2_000_000, config.ropeBase());
    assertTrue(config.tiedHead());
    json.put("no_rope_layers", List.of(0, 1, 1, 0));
    LlamaConfig named = LlamaConfig.of(json);
    assertEquals(List.of(0, 3), named.layers().unrotated());
    assertEquals(named, LlamaConfig.of(named.toHuggingFace()));
    for (Object wrong : List.of(List.of(1, 1), List.of(0, 1, 1, 2), "0,1,1,0")) {
      json.put("no_rope_layers", wrong);
      assertTrue(refusal(json).contains("no_rope_layers is " + wrong), refusal(json));
    }
    Map<String, Object> llama = json();
    llama.put("no_rope_layers", List.of(1, 0));
    assertTrue(refusal(llama).contains("no_rope_layers is [1, 0]"), refusal(llama));
  }

  @Test
  void keysThatChangeNothingArePassedOver() {
    Map<String, Object> json = json();
    json.put("pretraining_tp", 2);
    json.put("rope_interleaved", false);
    json.put("partial_rotary_factor", 1.0);
    json.put("sliding_window", null);
    json.put("quantization_config", null);
    json.put("attention_dropout", 0.1);
    json.put("hidden_act", "swish");
    json.put("logits_scaling", 1);
    json.put("layer_types", List.of("full_attention", "full_attention"));
    json.put("some_tool_wrote_this", "yes");
    assertEquals(TinyModel.config(false), LlamaConfig.of(json));
    json.put("sliding_window", 96);
    assertEquals(TinyModel.config(false), LlamaConfig.of(json));
    json.put("sliding_window", 8);
    json.put("use_sliding_window", false);
    assertEquals(TinyModel.config(false), LlamaConfig.of(json));
  }

  @Test
  void scaledPositionsAreReadFromOldAndNewKeysAndWrittenBack() {
    Map<String, Object> numbers =
        Map.of(
            "factor", 8,
            "low_freq_factor", 1,
            "high_freq_factor", 4.0,
            "original_max_position_embeddings", 8192);
    for (String section : List.of("rope_scaling", "rope_parameters")) {
      for (String type : List.of("type", "rope_type")) {
        Map<String, Object> json = json();
        json.remove("rope_parameters");
        Map<String, Object> rope = new HashMap<>(numbers);
        rope.put(type, "llama3");
        json.put(section, rope);
        LlamaConfig config = LlamaConfig.of(json);
        assertEquals(new RopeScaling.Llama3(8, 1, 4, 8192), config.ropeScaling());
        assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
      }
    }
    Map<String, Object> json = json();
    json.remove("rope_parameters");
    json.put("rope_scaling", Map.of("type", "linear", "factor", 2));
    LlamaConfig linear = LlamaConfig.of(json);
    assertEquals(new RopeScaling.Linear(2), linear.ropeScaling());
    assertEquals(linear, LlamaConfig.of(linear.toHuggingFace()));
  }

  @Test
  void everyKeyThatMayChangeNumbersIsOnThePageOfFormats() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "formats.md"));
    for (Set<String> keys :
        List.of(HuggingFaceConfig.NEUTRAL.keySet(), HuggingFaceRope.KNOWN, json().keySet())) {
      keys.forEach(key -> assertTrue(page.contains("`" + key + "`"), key));
    }
  }

  @Test
  void aMissingSizeIsNamed() {
    Map<String, Object> json = json();
    json.remove("intermediate_size");
    assertTrue(refusal(json).contains("intermediate_size is missing"));
  }

  @Test
  void sumsHaveAsManySlicesAsDivideThemUpTo8() {
    assertEquals(8, TinyModel.config(false).treeSlices()); // of 24 and 40
    LlamaConfig odd = new LlamaConfig(61, 24, 172, 2, 4, 2, 6, 96, 1e4, 1e-5, false, 1, List.of());
    assertEquals(4, odd.treeSlices());
    LlamaConfig wide = new LlamaConfig(61, 24, 64, 2, 8, 2, 4, 96, 1e4, 1e-5, false, 1, List.of());
    assertEquals(8, wide.treeSlices());
  }
}
