package dev.irpo.config;

import dev.irpo.setting.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;

/// Writes a configuration as YAML, and the documentation of all keys.
final class ConfigWriter {
  private final ConfigSchema schema;

  ConfigWriter(ConfigSchema schema) {
    this.schema = schema;
  }

  String yaml(RunConfig config, Comments comments) {
    StringBuilder out = new StringBuilder();
    write(config, "", comments.of(config.preset()), out);
    return out.toString();
  }

  /// Every key with the text of its value.
  SequencedMap<String, String> texts(RunConfig config) {
    SequencedMap<String, String> texts = new LinkedHashMap<>();
    addTexts(config, "", texts);
    return texts;
  }

  private void addTexts(Object section, String prefix, Map<String, String> texts) {
    for (RecordComponent component : section.getClass().getRecordComponents()) {
      String path = prefix + component.getName();
      Object value = valueOf(component, section);
      if (schema.isSection(path)) {
        addTexts(value, path + ".", texts);
      } else {
        texts.put(path, schema.require(path, "record").text(value));
      }
    }
  }

  /// What precedes each key.
  enum Comments {
    NONE,
    EVERY_KEY;

    private Sources of(Preset preset) {
      return new Sources(this, this == NONE ? Map.of() : preset.settings());
    }
  }

  /// The comments with what a preset says of the sources of its values.
  private record Sources(Comments comments, Map<String, PresetFile.Sourced> settings) {
    String of(ConfigKey key, Object value) {
      if (comments == Comments.NONE) {
        return "";
      }
      StringBuilder lines = new StringBuilder("# %s (%s)\n".formatted(key.doc(), key.allowed()));
      PresetFile.Sourced preset = settings.get(key.path());
      if (preset != null && !preset.source().isEmpty()) {
        boolean isPresets = value.equals(key.parse(new Given(preset.value(), "preset")));
        lines.append(
            isPresets
                ? "# from: %s\n".formatted(preset.source())
                : "# the preset has %s, from: %s\n".formatted(preset.value(), preset.source()));
      }
      return lines.toString();
    }
  }

  private void write(Object section, String prefix, Sources sources, StringBuilder out) {
    String indent = prefix.isEmpty() ? "" : "  ";
    for (RecordComponent component : section.getClass().getRecordComponents()) {
      String path = prefix + component.getName();
      Object value = valueOf(component, section);
      if (schema.isSection(path)) {
        out.append(component.getName()).append(":\n");
        write(value, path + ".", sources, out);
        continue;
      }
      ConfigKey key = schema.require(path, "record");
      out.append(sources.of(key, value).indent(indent.length()));
      out.append(indent).append(key.line(value));
    }
  }

  private static Object valueOf(RecordComponent component, Object section) {
    try {
      return component.getAccessor().invoke(section);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(component + " cannot be read", impossible);
    }
  }

  /// The page on configuration: how keys are given, all of them as a table, and what each preset
  /// changes.
  String documentation() {
    StringBuilder out =
        new StringBuilder(introduction())
            .append("\n| key | default | allowed | meaning |\n|---|---|---|---|\n");
    for (ConfigKey key : schema.keys()) {
      Setting setting = key.setting();
      String value = setting.value().isEmpty() ? "(empty)" : "`" + onOneLine(setting.value()) + "`";
      out.append(
          "| `%s` | %s | %s | %s |\n"
              .formatted(key.path(), value, key.allowed(), key.doc().replace("|", "\\|")));
    }
    for (Preset preset : Preset.values()) {
      out.append('\n').append(documentation(preset));
    }
    return out.toString();
  }

  private static String introduction() {
    try (InputStream in = ConfigWriter.class.getResourceAsStream("introduction.md")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException("the introduction cannot be read from the jar", broken);
    }
  }

  private static String onOneLine(String text) {
    return text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t");
  }

  /// What a preset sets; of one that changes another preset, the changes.
  private static String documentation(Preset preset) {
    PresetFile file = preset.file();
    boolean changesAnother = Choices.find(Preset.class, file.base()).isPresent();
    Map<String, PresetFile.Sourced> shown = changesAnother ? file.settings() : preset.settings();
    StringBuilder out =
        new StringBuilder("**`%s`**: %s.".formatted(Choices.text(preset), file.meaning()));
    if (changesAnother) {
      out.append(" As `%s`".formatted(file.base())).append(shown.isEmpty() ? ".\n" : ", but:\n\n");
    } else {
      out.append(shown.isEmpty() ? " All defaults.\n" : " It sets:\n\n");
    }
    shown.forEach((key, setting) -> {
      out.append("- `%s: %s`".formatted(key, setting.value()));
      out.append(setting.source().isEmpty() ? "\n" : " (%s)\n".formatted(setting.source()));
    });
    return out.toString();
  }
}
