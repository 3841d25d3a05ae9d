package dev.irpo.export;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.model.TokenizerFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The chat templates of a model, in Jinja, wherever Hugging Face's folders keep them: a file of
/// their own, which counts first, or a key of `tokenizer_config.json`, which is one text or several
/// with names.
final class ChatTemplate {
  private static final String KEY = "chat_template";

  /// The one that is used where none is named.
  static final String DEFAULT = "default";

  private ChatTemplate() {}

  /// Templates by name.
  static Map<String, String> of(TokenizerFiles files) throws IOException {
    byte[] jinja = files.contents().get("chat_template.jinja");
    if (jinja != null) {
      return Map.of(DEFAULT, new String(jinja, StandardCharsets.UTF_8));
    }
    for (String name : new String[] {"chat_template.json", TokenizerFiles.CONFIG}) {
      Optional<ObjectNode> file = JsonFile.read(files, name);
      if (file.isPresent() && file.get().hasNonNull(KEY)) {
        return templates(file.get().get(KEY));
      }
    }
    return Map.of();
  }

  private static Map<String, String> templates(JsonNode value) {
    SequencedMap<String, String> templates = new LinkedHashMap<>();
    if (value.isTextual()) {
      templates.put(DEFAULT, value.textValue());
    }
    for (JsonNode named : value) {
      String text = named.path("template").asText();
      if (!text.isEmpty()) {
        templates.put(named.path("name").asText(DEFAULT), text);
      }
    }
    return templates;
  }
}
