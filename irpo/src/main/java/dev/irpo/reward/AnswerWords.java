package dev.irpo.reward;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// English words next to a number that change what it says.
final class AnswerWords {
  private static final Map<String, BigDecimal> SCALES =
      Map.of(
          "k", new BigDecimal(1_000),
          "dozen", new BigDecimal(12),
          "hundred", new BigDecimal(100),
          "thousand", new BigDecimal(1_000),
          "lakh", new BigDecimal(100_000),
          "million", new BigDecimal(1_000_000),
          "crore", new BigDecimal(10_000_000),
          "billion", new BigDecimal(1_000_000_000),
          "trillion", new BigDecimal(1_000_000_000_000L));

  /// A scale word after a number; its first group is the word in the singular.
  static final Pattern FOLLOWING_SCALE =
      Pattern.compile("(?i)[\\s-]*(%s)s?(?!-?\\p{L})".formatted(String.join("|", SCALES.keySet())));

  private static final String SCALE =
      "dozens?|hundreds?|thousands?|lakhs?|millions?|crores?|billions?|trillions?|quadrillions?|mil|mln|mio"
          + "|mill|bln|mrd|mlrd|kk";

  private static final String CARDINAL =
      "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen"
          + "|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety";

  /// Numbers in words, which next to digits are part of the number or a second one.
  private static final String NUMBER =
      CARDINAL
          + "|half|halves|thirds?|fourths?|fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?"
          + "|hundredths?|thousandths?|millionths?|"
          + SCALE;

  /// What says that a number is only a bound.
  private static final String BOUND =
      "than|least|most|over|under|above|below|beyond|between|within|until|exceeds?|exceeding|up to";

  /// What is done to a number.
  private static final String OPERATION =
      "half|third|quarter|fourth|fifth|tenth|twice|thrice|double|triple|root|square|cube|factorial"
          + "|log|ln|exp|sin|cos|tan|times|plus|minus|negative|squared|cubed|multiplied|divided|choose"
          + "|mod|modulo|pi|base|sqrt|abs|absolute value|raised|power|point|reciprocal|inverse|opposite";

  /// `one hundred and five`, before the same number in brackets.
  private static final Pattern SPELLED =
      Pattern.compile(
          "(?i)(?<!\\p{L})(?:%1$s)(?:[\\s-]+(?:and\\s+)?(?:%1$s|hundred|thousand|million))*\\s*$"
              .formatted(CARDINAL));

  private static final Pattern DENIED =
      words(
          "not|never|neither|nor|none|except|without|wrong|incorrect|false|cannot|\\w+n't"
              + "|(?:all|anything|everything|none|nothing) but|squared|cubed");
  private static final Pattern SIGNED = words("minus|negative|neg|plus or minus");
  private static final Pattern SCALED =
      Pattern.compile(
          "(?<![\\p{L}'])(?<!per |a |each |every )(?:%s)(?![\\p{L}'])".formatted(SCALE));

  private static final Pattern CHANGED = words(OPERATION);

  /// Scales that are so only right after a number, in letters and in words.
  private static final Pattern SHORT_SCALE =
      Pattern.compile(
          "\\s*(?:[MBTGbt]|[bmt]n|BN|MM)(?!\\p{L}).*|\\s+K(?!\\p{L}).*"
              + "|\\s*(?i:grand|gross|tens|score)(?!\\p{L}).*");

  /// What says after a number that it is not the answer.
  private static final Pattern DENIED_AFTER =
      words(
          "(?:is|are|was|were|it's|that's)\\s+(?:wrong|incorrect|false|not(?=\\s+(?:the|correct|right|true)|[\\s.,!]*$))|(?:is|are|was|were)n't(?=\\s+(?:the|correct|right|true)|[\\s.,!]*$)|cannot"
              + " be right|wrong|incorrect|is too \\p{L}+|(?<=[?.,;!]\\s?)no(?:pe)?");

  /// At the end of the text before a number.
  private static final Pattern CHANGED_BEFORE =
      Pattern.compile(
          "(?:^|.*[^\\p{L}'])(?:(?:%s|%s)(?:\\s+(?:of|by|to|the))*|or|and|to|(?:%s)(?:[\\s,-]+(?:and|or|point|to(?: the)?))?)[\\s,-]*"
              .formatted(BOUND, OPERATION, NUMBER));

  /// At the beginning of the text after a number.
  private static final Pattern CHANGED_AFTER =
      Pattern.compile(
          "[\\s,-]*(?:%s).*"
              .formatted(
                  String.join(
                      "|",
                      // 5 and a half, 5 hundredths, 5 or six; but not 5 one-dollar bills
                      "(?:(?:and|or|to|by|point) (?:an? )?)?(?:%s|quarter)(?![\\p{L}-])"
                          .formatted(NUMBER),
                      // 5 feet six inches, 5 apples and six pears
                      "\\p{L}+,? (?:(?:and|plus|times) )?(?:%s)(?![\\p{L}-])".formatted(CARDINAL),
                      "(?:squared|cubed|doubled|tripled|halved|factorial|choose|mod|modulo|base|plus|minus|negative|pi|over)(?!\\p{L})",
                      "times [b-z](?!\\p{L})",
                      "[nxyz](?!\\p{L})",
                      "to(?!\\p{L})(?! (?:the nearest|be))",
                      "or(?!\\p{L})(?! so(?!\\p{L}))",
                      "and (?:up|over|above|more|counting|below|under)(?!\\p{L})",
                      "(?:\\p{L}+ )?(?:below|under) (?:zero|freezing)",
                      "below[\\s.!]*$",
                      "\\(?(?:\\p{L}+ )?(?:max|maximum|minimum|tops)[)\\s.!]*$")));

  /// What continues a number after other words: `5 hours and a half`, `5 apples or more`.
  private static final Pattern CONTINUED_AFTER =
      words(
          String.join(
              "|",
              "(?:and|or|by(?! one)|plus|minus|times|root|out of|/)[\\s,]*(?:(?:an? |another )?(?:%1$s|half|quarter)|an? (?:third|fourth|fifth|sixth|eighth|tenth))(?!-)"
                  .formatted(CARDINAL),
              "(?:added to|subtracted from) (?:%s)".formatted(CARDINAL),
              "give or take",
              "in base|binary|octal|hexadecimal",
              "or (?:more|less|fewer|greater|higher|lower|above|below|over|under)",
              "at (?:the )?(?:most|least|best|worst|maximum|minimum)",
              "times (?:itself|root)",
              "(?:of|by|times|plus|minus) [b-z]"));

  private AnswerWords() {}

  private static Pattern words(String alternatives) {
    return Pattern.compile("(?<![\\p{L}'])(?:" + alternatives + ")(?![\\p{L}'])");
  }

  /// What a scale word, in lower case and the singular, multiplies by.
  static Optional<BigDecimal> scale(String word) {
    return Optional.ofNullable(SCALES.get(word));
  }

  /// Whether words before a number leave it as it is: they deny, bound, change or continue nothing.
  static boolean areHarmlessBefore(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return !DENIED.matcher(lower).find()
        && !SIGNED.matcher(lower).find()
        && !SCALED.matcher(lower).find()
        && !CHANGED_BEFORE.matcher(lower).matches();
  }

  /// The text without a number in words at its end.
  static String withoutSpelledNumber(String text) {
    return SPELLED.matcher(text).replaceFirst("");
  }

  /// Whether words after a number leave it as it is.
  static boolean areHarmlessAfter(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return !SHORT_SCALE.matcher(text).matches()
        && !DENIED_AFTER.matcher(lower).find()
        && !SCALED.matcher(lower).find()
        && !CONTINUED_AFTER.matcher(lower).find()
        && !CHANGED_AFTER.matcher(lower).matches();
  }

  /// Whether words to the left of an equals sign name the value itself, not a part or multiple of
  /// it.
  static boolean areValueName(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return areHarmlessBefore(lower) && !CHANGED.matcher(lower).find();
  }
}
