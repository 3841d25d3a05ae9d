package dev.irpo.config;

import java.lang.reflect.RecordComponent;
import java.util.Locale;

/// Writes a configuration as YAML, and the documentation of all keys.
final class ConfigWriter {
  private final ConfigSchema schema;

  ConfigWriter(ConfigSchema schema) {
    this.schema = schema;
  }

  String yaml(RunConfig config, Comments comments) {
    StringBuilder out = new StringBuilder();
    write(config, "", "", comments, out);
    return out.toString();
  }

  /// Whether each key is preceded by its documentation.
  enum Comments {
    NONE,
    EVERY_KEY
  }

  private void write(
      Object section, String prefix, String indent, Comments comments, StringBuilder out) {
    for (RecordComponent component : section.getClass().getRecordComponents()) {
      String path = prefix + component.getName();
      Object value = valueOf(component, section);
      if (schema.isSection(path)) {
        out.append(component.getName()).append(":\n");
        write(value, path + ".", "  ", comments, out);
        continue;
      }
      ConfigKey key = schema.require(path, "record");
      if (comments == Comments.EVERY_KEY) {
        String comment = "%s# %s (%s)%n".formatted(indent, key.setting().doc(), key.allowed());
        out.append(comment.replace("\r\n", "\n"));
      }
      out.append(indent).append(component.getName()).append(": ");
      out.append(key.format(value)).append('\n');
    }
  }

  private static Object valueOf(RecordComponent component, Object section) {
    try {
      return component.getAccessor().invoke(section);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(component + " cannot be read", impossible);
    }
  }

  /// All keys as a Markdown table, and below it what each preset changes.
  String documentation() {
    StringBuilder out =
        new StringBuilder("| key | default | allowed | meaning |\n|---|---|---|---|\n");
    for (ConfigKey key : schema.keys()) {
      Setting setting = key.setting();
      String value =
          setting.value().isEmpty() ? "(empty)" : "`" + ConfigKey.escaped(setting.value()) + "`";
      out.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(key.path(), value, key.allowed(), setting.doc().replace("|", "\\|")));
    }
    for (Preset preset : Preset.values()) {
      out.append("\n**`%s`**: %s.".formatted(Choices.text(preset), preset.doc()));
      out.append(preset.settings().isEmpty() ? " All defaults." : " It sets:\n\n");
      preset
          .settings()
          .forEach(
              (key, value) -> out.append(String.format(Locale.ROOT, "- `%s: %s`\n", key, value)));
      out.append(preset.settings().isEmpty() ? "\n" : "");
    }
    return out.toString();
  }
}
