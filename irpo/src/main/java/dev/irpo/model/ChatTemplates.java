package dev.irpo.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.checkpoints.files.JsonFiles;
import dev.irpo.checkpoints.model.TokenizerFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// The chat templates of a model, in Jinja, wherever Hugging Face's folders keep them: a file of
/// their own, which counts first, or a key of `tokenizer_config.json` or, where that has none, of
/// `chat_template.json`, which is one text or several with names. Those of a GGUF file are such a
/// key.
///
/// @param byName texts by name
/// @param source what messages call the file; empty where there are none
public record ChatTemplates(SequencedMap<String, String> byName, String source) {
  /// The one that is used where none is named.
  public static final String DEFAULT = "default";

  private static final String KEY = "chat_template";
  private static final String JINJA = "chat_template.jinja";

  /// Those of a model.
  ///
  /// @throws IllegalArgumentException if a file is damaged
  public static ChatTemplates of(TokenizerFiles files) throws IOException {
    byte[] jinja = files.contents().get(JINJA);
    if (jinja != null) {
      String text = new String(jinja, StandardCharsets.UTF_8);
      return new ChatTemplates(new LinkedHashMap<>(Map.of(DEFAULT, text)), files.source(JINJA));
    }
    for (String name : List.of(TokenizerFiles.CONFIG, "chat_template.json")) {
      Optional<ObjectNode> file = object(files, name);
      if (file.isPresent() && file.get().hasNonNull(KEY)) {
        return new ChatTemplates(templates(file.get().get(KEY)), files.source(name));
      }
    }
    return new ChatTemplates(new LinkedHashMap<>(), "");
  }

  /// The object in a file, if it is there.
  static Optional<ObjectNode> object(TokenizerFiles files, String name) throws IOException {
    byte[] content = files.contents().get(name);
    return content == null
        ? Optional.empty()
        : Optional.of(JsonFiles.parseObject(content, files.source(name)));
  }

  private static SequencedMap<String, String> templates(JsonNode value) {
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

  /// The one that is used.
  ///
  /// @throws IllegalArgumentException in one line if there is none
  String requireDefault() {
    String template = byName.get(DEFAULT);
    if (template == null) {
      throw new IllegalArgumentException(
          byName.isEmpty()
              ? "task.chatTemplate model: the model has no chat template (chat_template.jinja, or"
                  + " chat_template in tokenizer_config.json); choose none or llama-2"
              : "%s: none of its chat templates (%s) is called default; leave one as the text of chat_template"
                  .formatted(source, String.join(", ", byName.keySet())));
    }
    return template;
  }
}
