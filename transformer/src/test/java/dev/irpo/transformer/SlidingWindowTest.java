package dev.irpo.transformer;

import static dev.irpo.transformer.LlamaConfigTest.family;
import static dev.irpo.transformer.LlamaConfigTest.refusal;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Windows of attention in `config.json`; models of four layers.
class SlidingWindowTest {
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  private static Map<String, Object> with(String modelType, Object... keysAndValues) {
    Map<String, Object> json = family(modelType);
    for (int i = 0; i < keysAndValues.length; i += 2) {
      json.put((String) keysAndValues[i], keysAndValues[i + 1]);
    }
    return json;
  }

  /// The window that is read, and read again of what is written.
  private static SlidingWindow window(Map<String, Object> json) {
    LlamaConfig config = LlamaConfig.of(json);
    assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
    return config.layers().window();
  }

  @Test
  void mistralHasItInAllLayers() {
    List<Integer> all = List.of(0, 1, 2, 3);
    assertEquals(new SlidingWindow(4096, all), window(with("mistral")));
    assertEquals(new SlidingWindow(7, all), window(with("mistral", "sliding_window", 7)));
    assertEquals(SlidingWindow.NONE, window(with("mistral", "sliding_window", null)));
    // which transformers' class does not read
    assertEquals(
        new SlidingWindow(4096, all), window(with("mistral", "use_sliding_window", false)));
    Map<String, Object> written = LlamaConfig.of(with("mistral")).toHuggingFace();
    assertEquals(4096, written.get("sliding_window"));
    assertFalse(written.containsKey("layer_types"));
  }

  @Test
  void aWindowAsWideAsTheContextIsNone() {
    Map<String, Object> json = with("mistral", "max_position_embeddings", 4096);
    assertEquals(SlidingWindow.NONE, window(json));
    assertNull(LlamaConfig.of(json).toHuggingFace().get("sliding_window"));
    json.put("sliding_window", 4095);
    assertEquals(4095, window(json).of(3));
    Map<String, Object> qwen =
        with("qwen3", "use_sliding_window", true, "sliding_window", 32_768, "max_window_layers", 0);
    assertEquals(SlidingWindow.NONE, window(qwen));
  }

  @Test
  void qwenHasItFromALayerOnOrWhereLayersAreNamed() {
    for (String family : List.of("qwen2", "qwen3")) {
      assertEquals(SlidingWindow.NONE, window(with(family)));
      Map<String, Object> json = with(family, "use_sliding_window", true);
      assertEquals(SlidingWindow.NONE, window(json)); // the first layer with one is number 28
      json.put("max_window_layers", 1);
      assertEquals(new SlidingWindow(4096, List.of(1, 2, 3)), window(json));
      Map<String, Object> written = LlamaConfig.of(json).toHuggingFace();
      assertEquals(List.of(FULL, SLIDING, SLIDING, SLIDING), written.get("layer_types"));
      assertEquals(1, written.get("max_window_layers"));
      assertEquals(true, written.get("use_sliding_window"));
      json.put("layer_types", List.of(SLIDING, FULL, SLIDING, FULL));
      assertEquals(new SlidingWindow(4096, List.of(0, 2)), window(json));
      assertEquals(List.of(4096, 0), List.of(window(json).of(2), window(json).of(3)));
      assertFalse(LlamaConfig.of(json).toHuggingFace().containsKey("max_window_layers"));
    }
  }

  @Test
  void smolLm3HasItWhereALayerDoesNotRotate() {
    Map<String, Object> json = with("smollm3", "sliding_window", 8);
    assertEquals(SlidingWindow.NONE, window(json));
    json.put("use_sliding_window", true);
    assertEquals(new SlidingWindow(8, List.of(3)), window(json));
    json.put("no_rope_layers", List.of(0, 1, 0, 1));
    assertEquals(new SlidingWindow(8, List.of(0, 2)), window(json));
  }

  @Test
  void phi3HasItInAllLayersOrNone() {
    assertEquals(SlidingWindow.NONE, window(with("phi3")));
    assertEquals(2047, window(with("phi3", "sliding_window", 2047)).of(0));
    assertEquals(List.of(32_000), LlamaConfig.of(with("phi3", "vocab_size", 32_064)).eosIds());
    assertEquals(1e-5, LlamaConfig.of(with("phi3")).rmsEps());
  }

  @Test
  void whatAFamilyHasNotIsRefusedByName() {
    Map<String, Object> llama = new HashMap<>(TinyModel.config(false).toHuggingFace());
    llama.put("sliding_window", 95);
    assertTrue(refusal(llama).contains("sliding_window is 95 of 96 positions"), refusal(llama));
    Map<String, Object> off = with("qwen2", "layer_types", List.of(FULL, FULL, FULL, SLIDING));
    assertTrue(refusal(off).contains("sliding_window is not in use"), refusal(off));
    Map<String, Object> mistral = with("mistral", "layer_types", List.of(FULL, FULL, FULL, FULL));
    assertTrue(refusal(mistral).contains("only sliding_attention"), refusal(mistral));
    Map<String, Object> chunked =
        with(
            "qwen2",
            "use_sliding_window",
            true,
            "layer_types",
            List.of(FULL, "chunked_attention", FULL, SLIDING));
    assertTrue(refusal(chunked).contains("chunked_attention"), refusal(chunked));
    chunked.put("layer_types", List.of(FULL, SLIDING));
    assertTrue(refusal(chunked).contains("each of 4 layers"), refusal(chunked));
    for (Object wrong : List.of(0, -1, 2.5, "wide")) {
      String message = refusal(with("mistral", "sliding_window", wrong));
      assertTrue(message.contains("sliding_window is " + wrong), message);
    }
    for (String type : List.of("yarn", "linear", "su")) {
      Map<String, Object> scaled = with("phi3", "rope_scaling", Map.of("type", type, "factor", 4));
      assertTrue(refusal(scaled).contains("rope_scaling has type " + type), refusal(scaled));
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new LlamaConfig(
                new LayerSpec(
                    Family.LLAMA, List.of(), new SlidingWindow(3, List.of(0)), Optional.empty()),
                61,
                24,
                40,
                2,
                4,
                2,
                6,
                96,
                1e4,
                RopeScaling.NONE,
                1e-5,
                false,
                1,
                List.of()));
  }

  @Test
  void aModelOfTheFirstLayersHasTheirWindows() {
    LayerSpec layers =
        LlamaConfig.of(with("qwen2", "use_sliding_window", true, "max_window_layers", 1)).layers();
    assertEquals(new SlidingWindow(4096, List.of(1)), layers.ofFirst(2).window());
    assertEquals(SlidingWindow.NONE, layers.ofFirst(1).window());
    assertThrows(IllegalArgumentException.class, () -> new SlidingWindow(0, List.of(1)));
    assertThrows(IllegalArgumentException.class, () -> new SlidingWindow(3, List.of()));
  }
}
