package dev.irpo.transformer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What transformers computes for a config.json, in single precision.
class GoldenRopeTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final double RELATIVE_ERROR = 2e-6;

  static Stream<Arguments> cases() throws IOException {
    return StreamSupport.stream(GoldenFiles.json("rope.json").spliterator(), false)
        .map(golden -> Arguments.of(golden.get("name").asText(), golden));
  }

  private static Map<String, Object> config(JsonNode golden) {
    return MAPPER.convertValue(golden.get("config"), new TypeReference<>() {});
  }

  private static void assertGolden(JsonNode golden, Map<String, Object> config) {
    LlamaConfig read = LlamaConfig.of(config);
    double[] frequencies = read.ropeFrequencies();
    assertEquals(golden.get("frequencies").size(), frequencies.length);
    for (int i = 0; i < frequencies.length; i++) {
      double expected = golden.get("frequencies").get(i).asDouble();
      assertEquals(expected, frequencies[i], RELATIVE_ERROR * expected, "pair " + i);
    }
    double factor = golden.get("attentionFactor").asDouble();
    assertEquals(factor, read.ropeScaling().attentionFactor(), 1e-12);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void frequenciesAndFactorAreThoseOfTransformers(String name, JsonNode golden) {
    assertGolden(golden, config(golden));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void theyAreTheSameAfterWritingAndReading(String name, JsonNode golden) {
    LlamaConfig config = LlamaConfig.of(config(golden));
    assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
    assertGolden(golden, config.toHuggingFace());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void theyAreTheSameWhereLayersHaveTheirOwn(String name, JsonNode golden) {
    Map<String, Object> config = config(golden);
    if (config.remove("rope_scaling") instanceof Map<?, ?> scaling) {
      config.put("rope_parameters", scaling);
    }
    if (config.get("rope_parameters") instanceof Map<?, ?> parameters) {
      Map<String, Object> byLayer = new HashMap<>();
      byLayer.put("full_attention", parameters);
      byLayer.put("sliding_attention", null);
      config.put("rope_parameters", byLayer);
    }
    assertGolden(golden, config);
  }
}
