package dev.irpo.reward;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What comes before and after a number, and how it changes the number.
final class NumberNeighbours {
  private static final String CURRENCY = "$\u20AC\u00A3\u00A5\u20B9\u20A9\u20BD\u00A2";

  /// Currencies, brackets and quotes that may separate a number from its sign.
  private static final Pattern BESIDE =
      Pattern.compile(
          "(?:[\\s%s#\u2116\u2022(\\[\"']|(?<!\\p{L})(?:(?:USD|EUR|GBP|JPY|CNY|RMB|INR|AUD|CAD|CHF|US|Rs\\.?)(?!\\p{L})|(?:A|C|S|R|NZ|HK|NT)(?=\\$)))+$"
              .formatted(CURRENCY));

  private static final Pattern SIGN =
      Pattern.compile("(?i)(?:[-+]|(?<![\\p{L}\\d])(?:minus|negative))$");

  /// Words and punctuation; a hyphen and a slash only within words.
  private static final Pattern WORDS_BEFORE =
      Pattern.compile(
          "(?:[\\p{L}\\p{M}\\s,.:;'\"()\\[\\]&?!#%" + CURRENCY + "]|(?<=\\p{L})[-/](?=\\p{L}))*");

  private static final Pattern WORDS_AFTER =
      Pattern.compile(
          "(?:[\\p{L}\\p{M}\\p{So}\\s,.:;'\"()\\[\\]&?!#%"
              + CURRENCY
              + "]|-(?=[\\s\\p{L}])|/\\s?(?:\\p{L}(?=\\p{L})|[dghms](?!\\p{L})))*");

  /// A letter on its own multiplies.
  private static final Pattern LONE_LETTER =
      Pattern.compile("(?:.*[^\\p{L}'])?(?![aAI])\\p{L}\\s+");

  /// What may follow a digit directly, besides letters.
  private static final Pattern ATTACHED =
      Pattern.compile(
          "(?s)\\z|\\s.*|\\.(?!\\.).*|[,;:)\\]'\"?%"
              + CURRENCY
              + "].*|-\\p{L}{2}.*|/(?:\\p{L}{2}|[dghms](?!\\p{L})).*");

  private static final Pattern LETTERS = Pattern.compile("\\p{L}+");
  private static final String ONE_LETTER_UNITS = "mgshlLcpdCFJWNVA";
  private static final Set<String> TWO_LETTER_UNITS =
      Set.of(
          "mm", "cm", "dm", "km", "mg", "kg", "ml", "mL", "cl", "dl", "dL", "in", "ft", "yd", "mi",
          "oz", "lb", "gb", "mb", "kb", "tb", "GB", "MB", "KB", "TB", "hr", "am", "pm", "AM", "PM",
          "th", "st", "nd", "rd", "Hz", "kW", "ct", "ms", "kJ", "kN");

  /// `$5 m`, which are no meters.
  private static final Pattern MILLIONS = Pattern.compile("\\s*m(?!\\p{L}).*");

  private NumberNeighbours() {}

  /// The sign that a text before a number gives it, 1 or -1; empty if the text turns it into
  /// another number or has a second sign.
  static Optional<Integer> signBefore(String before) {
    String rest = BESIDE.matcher(before).replaceFirst("");
    Matcher sign = SIGN.matcher(rest);
    boolean isSigned = sign.find();
    boolean isNegative = isSigned && !sign.group().equals("+");
    if (isSigned) {
      rest = BESIDE.matcher(rest.substring(0, sign.start())).replaceFirst("");
    }
    boolean isApart = rest.isEmpty() || rest.endsWith(":") || before.startsWith(" ", rest.length());
    if (before.startsWith("(", before.stripTrailing().length() - 1)) {
      rest = AnswerWords.withoutSpelledNumber(rest);
    }
    boolean areWords =
        WORDS_BEFORE.matcher(rest).matches() && !LONE_LETTER.matcher(rest + " ").matches();
    return isApart && areWords && AnswerWords.areHarmlessBefore(rest)
        ? Optional.of(isNegative ? -1 : 1)
        : Optional.empty();
  }

  /// What a text after a number multiplies it by; empty if the text turns it into another number.
  static Optional<BigDecimal> scaleAfter(String before, String after) {
    boolean isMoney = before.chars().anyMatch(c -> CURRENCY.indexOf(c) >= 0);
    if (!isAttachedWell(after, isMoney)) {
      return Optional.empty();
    }
    BigDecimal product = BigDecimal.ONE;
    Matcher scale = AnswerWords.FOLLOWING_SCALE.matcher(after);
    int end = 0;
    while (scale.region(end, after.length()).lookingAt()) {
      String word = scale.group(1).toLowerCase(Locale.ROOT);
      product = product.multiply(AnswerWords.scale(word).orElseThrow());
      end = scale.end();
    }
    String rest = after.substring(end);
    return WORDS_AFTER.matcher(rest).matches()
            && !rest.strip().startsWith("..")
            && AnswerWords.areHarmlessAfter(rest)
        ? Optional.of(product)
        : Optional.empty();
  }

  private static boolean isAttachedWell(String after, boolean isMoney) {
    Matcher letters = LETTERS.matcher(after);
    if (!letters.lookingAt()) {
      return ATTACHED.matcher(after).matches() && !(isMoney && MILLIONS.matcher(after).matches());
    }
    String word = letters.group();
    return switch (word.length()) {
      case 1 ->
          word.equalsIgnoreCase("k")
              || (ONE_LETTER_UNITS.contains(word) && !(isMoney && word.equals("m")));
      case 2 -> TWO_LETTER_UNITS.contains(word);
      default -> true;
    };
  }
}
