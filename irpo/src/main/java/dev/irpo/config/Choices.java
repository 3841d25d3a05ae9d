package dev.irpo.config;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// Enum constants as configuration writes them: `WORD_PROBLEMS` is `word-problems`.
final class Choices {
  private Choices() {}

  static String text(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static Optional<Object> find(Class<?> enumType, String text) {
    return Arrays.stream(enumType.getEnumConstants())
        .filter(constant -> text((Enum<?>) constant).equals(text))
        .findFirst()
        .map(constant -> (Object) constant);
  }

  static String list(Class<?> enumType) {
    return Arrays.stream(enumType.getEnumConstants())
        .map(constant -> text((Enum<?>) constant))
        .collect(Collectors.joining(", "));
  }
}
