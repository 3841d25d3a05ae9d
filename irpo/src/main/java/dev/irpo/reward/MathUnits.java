package dev.irpo.reward;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Units after a mathematical answer: `5\text{ cm}^2`, `5 cm`, `5 apples`.
///
/// Words that say more than a unit (`or more`, `if x > 0`) stay, and `5 million` is multiplied.
final class MathUnits {
  private static final Pattern IN_TEXT =
      Pattern.compile(
          "(.*[\\d}).A-Za-z])\\s*"
              + Latex.TEXT
              + "([^{}]*)\\}\\s*(?:\\^\\s*(?:\\{\\s*\\d\\s*\\}|\\d))?");

  private static final Pattern IN_WORDS =
      Pattern.compile(
          "(.*(?:[\\d})]|\\\\pi))\\s+([A-Za-z]{2,}(?:[\\s./]+[A-Za-z]+)*)\\.?(?:\\^(?:\\{\\d\\}|\\d))?");

  private static final Pattern ATTACHED =
      Pattern.compile(
          "([-+]?[\\d.,]*\\d)((?:[mckd]m|kg|ft|in|m[il]|lbs?|oz|hrs?|mph)(?![A-Za-z]))(?:\\^(?:\\{\\d\\}|\\d))?");

  private static final Pattern WHOLE_TEXT = Pattern.compile(Latex.TEXT + "[^{}]*\\}");

  private static final Pattern COMMAND = Pattern.compile("\\\\[A-Za-z]+");
  private static final Pattern NUMBER = Pattern.compile("[-+]?\\d+(?:\\.\\d+)?");
  private static final Pattern SPACES = Pattern.compile("\\s+");

  /// Between the words of a unit.
  private static final Pattern GAP = Pattern.compile("[\\s./]+");

  private static final Pattern TWO_LETTERS = Pattern.compile("[A-Za-z]{2}");
  private static final Pattern WORDS = Pattern.compile("[\\p{L}\\s./'%()-]*");

  /// What makes words a sentence and not a unit.
  private static final Pattern SENTENCE =
      Pattern.compile(
          "(?i)(?<!\\p{L})(?:and|or|if|for|when|where|while|is|are|was|were|than|not|with|but|unless|only"
              + " if|to|as|then|else|otherwise|all|any|some|no|mod|of)(?!\\p{L})");

  /// Shorter words than four letters that are units; other short ones may be products (`2 ab`).
  private static final Set<String> SHORT =
      Set.of(
          "mm", "cm", "dm", "km", "in", "ft", "yd", "mi", "oz", "lb", "lbs", "kg", "mg", "ml", "hr",
          "hrs", "min", "sec", "mph", "day", "usd", "sq", "cu", "per", "gal", "deg", "rad", "way",
          "men", "pts", "cal", "ton", "box", "cup", "egg", "pm", "am", "th", "st", "nd", "rd");

  /// Letters that are values and no units.
  private static final String VALUES = "deijknxyz";

  private static final int MOST_UNITS = 3;

  private MathUnits() {}

  /// The text without the units at its end.
  static String removed(String text) {
    String rest = text;
    for (int i = 0; i < MOST_UNITS; i++) {
      String shorter = once(rest);
      if (shorter.equals(rest)) {
        return rest;
      }
      rest = shorter;
    }
    return rest;
  }

  private static String once(String text) {
    Matcher inText = IN_TEXT.matcher(text);
    if (inText.matches()) {
      String base = inText.group(1);
      String words = inText.group(2).strip();
      boolean isValue = words.length() == 1 && VALUES.contains(words);
      boolean isUnit = !WHOLE_TEXT.matcher(base).matches() && !isValue && isUnit(words);
      return isUnit ? base.strip() : scaled(base, words).orElse(text);
    }
    Matcher attached = ATTACHED.matcher(text);
    if (attached.matches()) {
      return attached.group(1);
    }
    Matcher inWords = IN_WORDS.matcher(text);
    if (!inWords.matches() || !isTerm(inWords.group(1))) {
      return text;
    }
    String words = inWords.group(2);
    boolean isUnit = isUnit(words) && areKnown(words);
    return isUnit ? inWords.group(1) : scaled(inWords.group(1), words).orElse(text);
  }

  private static boolean isTerm(String base) {
    return !TWO_LETTERS.matcher(COMMAND.matcher(base).replaceAll("")).find();
  }

  private static boolean isUnit(String words) {
    return WORDS.matcher(words).matches()
        && !SENTENCE.matcher(words).find()
        && AnswerWords.areHarmlessAfter(words);
  }

  private static boolean areKnown(String words) {
    String first = GAP.split(words, 2)[0].toLowerCase(Locale.ROOT);
    return first.length() > 3 || SHORT.contains(first);
  }

  /// `5000000` for 5 and `million dollars`; empty if that is no number.
  private static Optional<String> scaled(String base, String words) {
    String[] first = SPACES.split(words.strip(), 2);
    Optional<BigDecimal> scale = AnswerWords.scale(first[0].toLowerCase(Locale.ROOT));
    boolean isAlone = first.length == 1 || isUnit(first[1]);
    String digits = base.strip().replace("$", "").replace("\\", "");
    return isAlone && NUMBER.matcher(digits).matches()
        ? scale.map(factor -> new BigDecimal(digits).multiply(factor).toPlainString())
        : Optional.empty();
  }
}
