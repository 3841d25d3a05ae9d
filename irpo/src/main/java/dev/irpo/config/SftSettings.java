package dev.irpo.config;

import dev.irpo.setting.Setting;

/// What supervised fine-tuning has besides [TrainSettings].
public record SftSettings(
    @Setting(value = "false", doc = "whether the loss covers the prompt's tokens too")
        boolean promptTokens) {}
