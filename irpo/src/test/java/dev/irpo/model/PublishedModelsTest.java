package dev.irpo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The `config.json` of each model as its publisher gives it, and its known number of parameters.
class PublishedModelsTest {
  private static LlamaConfig read(String name) throws IOException {
    try (InputStream json =
        PublishedModelsTest.class.getResourceAsStream("published/" + name + ".json")) {
      return LlamaConfig.of(
          new ObjectMapper().readValue(json, new TypeReference<Map<String, Object>>() {}));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "llama-2-7b, 6738415616",
    "tinyllama-1.1b, 1100048384",
    "smollm2-135m, 134515008",
    "smollm2-360m, 361821120",
    "smollm2-1.7b, 1711376384",
    "llama-3.2-1b, 1235814400",
    "llama-3.2-3b, 3212749824",
    "llama-3.1-8b, 8030261248",
  })
  void aPublishedConfigGivesTheKnownSizes(String name, long numParameters) throws IOException {
    LlamaConfig config = read(name);
    assertEquals(numParameters, config.numParameters());
    assertEquals(PublishedModels.find(name).orElseThrow(), config);
    assertEquals(config, LlamaConfig.of(config.toHuggingFace()));
  }

  @ParameterizedTest
  @CsvSource({"llama-2-13b, 13015864320", "llama-2-70b, 68976648192", "llama-3.1-70b, 70553706496"})
  void theLargerModelsHaveTheirKnownParameters(String name, long numParameters) {
    assertEquals(numParameters, PublishedModels.find(name).orElseThrow().numParameters());
  }
}
