package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LlamaConfigTest {
  private static Map<String, Object> json() {
    return new HashMap<>(TinyModel.config(false).toHuggingFace());
  }

  private static String refusal(Map<String, Object> json) {
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

  @ParameterizedTest
  @CsvSource({
    "model_type, gpt2",
    "hidden_act, gelu",
    "num_key_value_heads, 3",
    "vocab_size, 0",
    "hidden_size, many",
    "eos_token_id, 61"
  })
  void anImpossibleValueIsRefusedByKeyAndValue(String key, String text) {
    Map<String, Object> json = json();
    json.put(key, text.matches("\\d+") ? (Object) Integer.valueOf(text) : text);
    String message = refusal(json);
    assertTrue(message.contains(key) && message.contains(text), message);
  }

  @Test
  void biasesAndScaledPositionsAreRefused() {
    Map<String, Object> json = json();
    json.put("attention_bias", true);
    assertTrue(refusal(json).contains("attention_bias is true"));
    json.put("attention_bias", false);
    json.put("rope_scaling", Map.of("type", "linear", "factor", 2));
    assertTrue(refusal(json).contains("rope_scaling has type linear"));
  }

  @Test
  void aMissingSizeIsNamed() {
    Map<String, Object> json = json();
    json.remove("intermediate_size");
    assertTrue(refusal(json).contains("intermediate_size is missing"));
  }
}
