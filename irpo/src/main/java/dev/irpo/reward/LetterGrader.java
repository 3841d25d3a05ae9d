package dev.irpo.reward;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// Exact match of an option's letter, read after the last `Final answer:`.
///
/// `C`, `(C)`, `C.` and `(c) its text` are the letter C; a letter that no option has is no answer,
/// nor are two letters. A text without a letter stands for the option that it equals, but for case,
/// spaces and a full stop, if it equals just one. Where the options are not known, letters A to E
/// count alone. Version 2 also reads `\boxed{C}`, `option C` and `the answer is C because …`
/// ([LetterText]).
public final class LetterGrader extends ExactMatch {
  private static final String KIND = "letter";

  /// Longer texts are no answers; the bound keeps everything that is done with them cheap.
  static final int LONGEST_TEXT = 2_000;

  /// The number of options assumed where they are not known.
  private static final int MOST_OPTIONS = 5;

  private static final Pattern MARK = Pattern.compile("[*`$\"]");
  private static final Pattern SPACES = Pattern.compile("\\s+");

  private static final Pattern LETTER =
      Pattern.compile(
          "(?s)(?:\\(([A-Za-z])\\)|([A-Za-z])(?![A-Za-z0-9']))(?:[.:)]\\s*|\\s*$|(?<=\\))\\s+)(.*)");

  /// What would name a second option after the first.
  private static final Pattern SECOND_LETTER =
      Pattern.compile("(?is)\\(?[A-E]\\)?[.:]?|(?:and|or|&|/|,)(?!\\w).*|.*\\([A-E]\\).*");

  /// The latest version.
  public LetterGrader() {
    this(GraderVersion.LATEST);
  }

  /// A certain version.
  public LetterGrader(GraderVersion version) {
    super(KIND, version);
  }

  @Override
  String form() {
    return "the letter or the text of one option";
  }

  @Override
  Optional<String> canonical(String text, List<String> options) {
    return switch (version()) {
      case V1 -> atStart(text, options);
      case V2 -> LetterText.find(text, options);
    };
  }

  private static Optional<String> atStart(String text, List<String> options) {
    if (text.length() > LONGEST_TEXT) {
      return Optional.empty();
    }
    String plain = MARK.matcher(text).replaceAll("").strip();
    Matcher letter = LETTER.matcher(plain);
    boolean startsWithLetter = letter.matches();
    if (startsWithLetter && letter.group(3).isBlank()) {
      return named(letter, options);
    }
    Optional<String> byText = letterOfText(plain, options);
    return byText.isEmpty() && startsWithLetter ? named(letter, options) : byText;
  }

  private static Optional<String> named(Matcher letter, List<String> options) {
    String rest = letter.group(3).strip();
    boolean isOnlyOne = rest.isEmpty() || !SECOND_LETTER.matcher(rest).matches();
    return isOnlyOne ? known(letter, options) : Optional.empty();
  }

  /// The letter in a match's first or second group, in upper case; empty if no option has it.
  static Optional<String> known(Matcher letter, List<String> options) {
    String name = letter.group(1) == null ? letter.group(2) : letter.group(1);
    return Optional.of(name.toUpperCase(Locale.ROOT)).filter(upper -> isOption(upper, options));
  }

  static boolean isOption(String letter, List<String> options) {
    return letter.charAt(0) - 'A' < (options.isEmpty() ? MOST_OPTIONS : options.size());
  }

  /// The letter of the one option that a text equals; empty if it equals none, or more.
  static Optional<String> letterOfText(String text, List<String> options) {
    String wanted = comparable(text);
    List<Integer> equal =
        IntStream.range(0, options.size())
            .filter(i -> comparable(options.get(i)).equals(wanted))
            .boxed()
            .toList();
    return equal.size() == 1 ? Optional.of(letter(equal.getFirst())) : Optional.empty();
  }

  /// The letter of an option, counted from 0.
  public static String letter(int option) {
    return String.valueOf((char) ('A' + option));
  }

  private static String comparable(String text) {
    String words = SPACES.matcher(text.strip()).replaceAll(" ").toLowerCase(Locale.ROOT);
    return words.endsWith(".") ? words.substring(0, words.length() - 1).strip() : words;
  }
}
