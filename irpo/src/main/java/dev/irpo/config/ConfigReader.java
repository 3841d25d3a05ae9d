package dev.irpo.config;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes the records out of defaults, preset and what was written.
final class ConfigReader {
  private static final String PRESET = "preset";

  private final ConfigSchema schema;

  ConfigReader(ConfigSchema schema) {
    this.schema = schema;
  }

  /// The configuration that these layers give; a later one overrides an earlier, all override the
  /// preset.
  RunConfig read(List<Map<String, Given>> layers) {
    Map<String, Given> written = new HashMap<>();
    layers.forEach(written::putAll);
    ConfigKey presetKey = schema.require(PRESET, PRESET);
    Given presetGiven =
        written.getOrDefault(PRESET, new Given(presetKey.setting().value(), "default"));
    Preset preset = (Preset) presetKey.parse(presetGiven);

    Map<String, Given> values = new HashMap<>();
    for (ConfigKey key : schema.keys()) {
      values.put(key.path(), new Given(key.setting().value(), "default"));
    }
    preset
        .settings()
        .forEach((path, sourced) ->
            values.put(
                schema.require(path, "preset " + preset).path(),
                new Given(sourced.value(), "preset " + preset)));
    values.putAll(written);
    return RunConfig.class.cast(build(RunConfig.class, "", values));
  }

  private Object build(Class<?> record, String prefix, Map<String, Given> values) {
    RecordComponent[] components = record.getRecordComponents();
    Object[] arguments = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      String path = prefix + components[i].getName();
      arguments[i] =
          schema.isSection(path)
              ? build(components[i].getType(), path + ".", values)
              : schema.require(path, "record").parse(values.get(path));
    }
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      return record.getDeclaredConstructor(types).newInstance(arguments);
    } catch (ReflectiveOperationException impossible) {
      throw new IllegalStateException(record + " is not made from its components", impossible);
    }
  }
}
