package dev.irpo.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;

/// Reads JSON: no key twice, nothing after the end.
final class StrictJson {
  private static final ObjectReader READER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build()
          .reader();

  private StrictJson() {}

  /// @throws IllegalArgumentException in one line that begins with `sourceName`
  static JsonNode parse(byte[] json, String sourceName) {
    try {
      return READER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s: is not valid JSON (line %d); copy or download it again"
              .formatted(sourceName, e.getLocation() == null ? 1 : e.getLocation().getLineNr()),
          e);
    } catch (IOException e) { // bytes that are no text in the encoding they seem to have
      throw new IllegalArgumentException(
          "%s: is not text in UTF-8; copy or download it again".formatted(sourceName), e);
    }
  }
}
