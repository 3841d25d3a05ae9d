package dev.irpo.config;

import dev.irpo.setting.Spelling;
import java.lang.reflect.RecordComponent;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// All keys, in the order of their records.
final class ConfigSchema {
  private final Map<String, ConfigKey> byPath = new LinkedHashMap<>();
  private final Map<String, String> renamed = new HashMap<>();
  private final Set<String> sections = new LinkedHashSet<>();

  ConfigSchema() {
    add("", RunConfig.class);
  }

  private void add(String prefix, Class<?> record) {
    for (RecordComponent component : record.getRecordComponents()) {
      String path = prefix + component.getName();
      if (component.getType().isRecord()) {
        sections.add(path);
        add(path + ".", component.getType());
      } else {
        ConfigKey key = ConfigKey.of(path, component);
        byPath.put(path, key);
        if (!key.setting().formerly().isEmpty()) {
          renamed.put(prefix + key.setting().formerly(), path);
        }
      }
    }
  }

  Collection<ConfigKey> keys() {
    return byPath.values();
  }

  /// The path of a key that may be written with the name that it had.
  String currentPath(String path) {
    return renamed.getOrDefault(path, path);
  }

  boolean isKey(String path) {
    return byPath.containsKey(path);
  }

  boolean isSection(String path) {
    return sections.contains(path);
  }

  /// The key of a path.
  ///
  /// @param source where the path was written, for the error message
  /// @throws IllegalArgumentException if there is none; the message has the nearest one
  ConfigKey require(String path, String source) {
    ConfigKey key = byPath.get(path);
    if (key == null) {
      throw new IllegalArgumentException(
          isSection(path)
              ? "%s: %s is a section with keys of its own, not a value; write for instance %s"
                  .formatted(source, path, nearest(path + "."))
              : "%s: there is no key %s; the nearest is %s".formatted(source, path, nearest(path)));
    }
    return key;
  }

  /// The nearest key, or the one with the nearest last part where the section was forgotten.
  private String nearest(String path) {
    boolean hasSection = path.indexOf('.') >= 0;
    Map<String, String> keys = new LinkedHashMap<>();
    for (String key : byPath.keySet()) {
      keys.putIfAbsent(hasSection ? key : key.substring(key.indexOf('.') + 1), key);
    }
    return keys.get(Spelling.nearest(path, keys.keySet()).orElseThrow());
  }
}
