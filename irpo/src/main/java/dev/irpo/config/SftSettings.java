package dev.irpo.config;

import dev.irpo.setting.Setting;

/// Supervised fine-tuning, beside what [TrainSettings] says.
public record SftSettings(
    @Setting(value = "false", doc = "whether the prompt's tokens are learnt too")
        boolean promptTokens) {}
