package dev.irpo.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/// Reads values, not yet checked, from YAML and from `key=value`.
final class ConfigSource {
  private final ConfigSchema schema;
  private final YAMLMapper yaml =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();

  ConfigSource(ConfigSchema schema) {
    this.schema = schema;
  }

  /// Values of a YAML file, by path of their keys.
  Map<String, Given> file(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file);
    } catch (NoSuchFileException missing) {
      throw new IOException(file + ": no such file; --config takes a YAML file", missing);
    }
    return yaml(text, file.toString());
  }

  /// Values of YAML text, by path of their keys.
  Map<String, Given> yaml(String text, String source) {
    JsonNode root;
    try {
      root = yaml.readTree(text);
    } catch (JsonProcessingException malformed) {
      throw new IllegalArgumentException(
          "%s:%d: not YAML: %s"
              .formatted(
                  source,
                  malformed.getLocation() == null ? 1 : malformed.getLocation().getLineNr(),
                  malformed.getOriginalMessage().lines().findFirst().orElse("")),
          malformed);
    }
    Map<String, Given> values = new LinkedHashMap<>();
    if (root.isObject()) {
      collect(root, "", source, values);
    } else if (!root.isMissingNode() && !root.isNull()) {
      throw new IllegalArgumentException(
          source + ": not a mapping; write lines like 'iterations: 4'");
    }
    return values;
  }

  private void collect(JsonNode node, String prefix, String source, Map<String, Given> values) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      String path = schema.currentPath(prefix + entry.getKey());
      JsonNode value = entry.getValue();
      boolean isWalked = !value.isEmpty() || schema.isSection(path);
      if (value.isObject() && !schema.isKey(path) && isWalked) {
        collect(value, path + ".", source, values);
      } else {
        ConfigKey key = schema.require(path, source);
        Given given = new Given(text(value), source);
        if (value.isNull() || (!value.isValueNode() && key.type() != List.class)) {
          throw given.refuse(path, key.allowed());
        }
        if (values.put(path, given) != null) {
          throw new IllegalArgumentException(
              "%s: %s is set twice; keep one".formatted(source, path));
        }
      }
    }
  }

  private static String text(JsonNode value) {
    if (!value.isArray()) {
      return value.isValueNode() ? value.asText() : value.toString();
    }
    StringJoiner entries = new StringJoiner(", ", "[", "]");
    value.forEach(entry -> entries.add(entry.asText()));
    return entries.toString();
  }

  /// Values of `key=value` texts, by path of their keys; the last of a key counts.
  Map<String, Given> overrides(List<String> assignments) {
    Map<String, Given> values = new LinkedHashMap<>();
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      String source = "--set " + assignment;
      if (equals < 0) {
        throw new IllegalArgumentException(source + ": no '='; write --set key=value");
      }
      String path = schema.currentPath(assignment.substring(0, equals).strip());
      schema.require(path, source);
      values.put(path, new Given(assignment.substring(equals + 1), source));
    }
    return values;
  }
}
