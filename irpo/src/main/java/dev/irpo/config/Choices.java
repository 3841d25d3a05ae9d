package dev.irpo.config;

import dev.irpo.setting.Spelling;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

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

  /// The constant whose text is nearest to another, for messages.
  static String nearest(Class<?> enumType, String text) {
    return Spelling.nearest(text, texts(enumType)).orElseThrow();
  }

  static String list(Class<?> enumType) {
    return String.join(", ", texts(enumType));
  }

  private static List<String> texts(Class<?> enumType) {
    return Arrays.stream(enumType.getEnumConstants())
        .map(constant -> text((Enum<?>) constant))
        .toList();
  }
}
