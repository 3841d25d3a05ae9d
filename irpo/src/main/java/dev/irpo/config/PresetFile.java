package dev.irpo.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/// The values of a preset as data, `presets/NAME.yaml` beside this class:
///
/// ```yaml
/// meaning: what it stands for
/// base: another file, whose settings hold where this one has none
/// settings:
///   pairs.perPrompt: {value: 10, source: "where the value comes from"}
/// ```
///
/// @param base empty where there is none
/// @param settings its own, by path of key
record PresetFile(String meaning, String base, Map<String, Sourced> settings) {
  private static final YAMLMapper MAPPER =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /// A value and where it comes from.
  ///
  /// @param value as it would be written in YAML
  /// @param source empty where nothing is claimed
  record Sourced(String value, String source) {
    Sourced {
      source = source == null ? "" : source;
    }
  }

  PresetFile {
    base = base == null ? "" : base;
    settings = settings == null ? Map.of() : new LinkedHashMap<>(settings);
  }

  /// The file of that name.
  static PresetFile read(String name) {
    try (InputStream content = PresetFile.class.getResourceAsStream("presets/" + name + ".yaml")) {
      if (content == null) {
        throw new IllegalStateException("the jar lacks presets/" + name + ".yaml");
      }
      return MAPPER.readValue(content, PresetFile.class);
    } catch (IOException damaged) {
      throw new UncheckedIOException("presets/" + name + ".yaml", damaged);
    }
  }

  /// The base's settings, overridden by its own.
  Map<String, Sourced> allSettings() {
    Map<String, Sourced> all = base.isEmpty() ? new LinkedHashMap<>() : read(base).allSettings();
    all.putAll(settings);
    return all;
  }
}
