package dev.irpo.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.TokenizerFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Small JSON files as they are read from a source and written to an export.
final class JsonFile {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private JsonFile() {}

  /// The object in a file of the source, if it is there.
  static Optional<ObjectNode> read(TokenizerFiles files, String name) throws IOException {
    byte[] content = files.contents().get(name);
    return content == null ? Optional.empty() : Optional.of(JsonFiles.parseObject(content, name));
  }

  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  static byte[] bytes(JsonNode json) throws IOException {
    return (MAPPER.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8);
  }
}
