package dev.irpo.config;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.JaroWinklerDistance;

/// Enum constants as configuration writes them: `WORD_PROBLEMS` is `word-problems`.
final class Choices {
  private static final JaroWinklerDistance JARO_WINKLER = new JaroWinklerDistance();

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

  /// The constant whose text is nearest to another, for messages; names are long and share their
  /// ends, so a common beginning counts more (Jaro-Winkler).
  static String nearest(Class<?> enumType, String text) {
    return Arrays.stream(enumType.getEnumConstants())
        .map(constant -> text((Enum<?>) constant))
        .min(Comparator.comparingDouble(known -> JARO_WINKLER.apply(text, known)))
        .orElseThrow();
  }

  static String list(Class<?> enumType) {
    return Arrays.stream(enumType.getEnumConstants())
        .map(constant -> text((Enum<?>) constant))
        .collect(Collectors.joining(", "));
  }
}
