package dev.irpo.config;

import java.util.Map;

/// Named sets of values that replace defaults; the values and where each comes from are in
/// `presets/NAME.yaml` ([PresetFile]).
public enum Preset {
  /// The paper's first version, which this project was started from: its GSM8K column.
  PAPER_V1,
  /// The paper's third version.
  PAPER_V3,
  /// The paper's experiment on GSM8K, every number with its source.
  GSM8K_LLAMA2_70B_CHAT,
  /// The same numbers for a smaller model.
  GSM8K_LLAMA2_7B_CHAT,
  /// The paper's experiment on MATH.
  MATH_LLAMA2_70B_CHAT,
  /// The same numbers for a smaller model.
  MATH_LLAMA2_7B_CHAT,
  /// The paper's experiment on ARC-Challenge.
  ARC_LLAMA2_70B_CHAT,
  /// The same numbers for a smaller model.
  ARC_LLAMA2_7B_CHAT,
  /// The embedded task with the model in the jar: minutes on two cores.
  DEMO;

  /// The name of a preset as configuration writes it.
  ///
  /// @param option where it was written
  /// @throws IllegalArgumentException listing the names there are, if it is none
  public static String requireName(String option, String name) {
    if (Choices.find(Preset.class, name).isEmpty()) {
      throw new IllegalArgumentException(
          "%s: there is no preset '%s'; the nearest is %s; choose one of %s"
              .formatted(
                  option, name, Choices.nearest(Preset.class, name), Choices.list(Preset.class)));
    }
    return name;
  }

  /// What its file says.
  PresetFile file() {
    return PresetFile.read(Choices.text(this));
  }

  /// What it sets, its base's settings included, by path of key.
  Map<String, PresetFile.Sourced> settings() {
    return file().allSettings();
  }
}
