package dev.irpo.reward;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads the one option that an answer names, since version 2.
///
/// ```text
/// lead        perhaps: the answer is, option, I choose
/// option      C, (C), [C], \boxed{C}, **C**, or its text
/// rest        perhaps, after . , : ) - or a reason: words that name no other option
/// ```
///
/// A letter right before a word (`A car`) is an article, and a denied or second letter makes the
/// answer unreadable.
final class LetterText {
  private static final int MOST_LEADS = 3;

  private static final Pattern COMMAND = Pattern.compile(Latex.STYLED);
  private static final Pattern MARK =
      Pattern.compile(
          "(?=[<>'\\\\*`$\"_{}])(?:[*`$\"_{}]|^[<']|[>']$|\\\\[()\\[\\]]|\\\\(?:left|right)(?![a-zA-Z]))");

  private static final Pattern LEAD =
      Pattern.compile(
          "(?i)(?:(?:so|thus|hence|therefore|then|ok|okay)(?!\\p{L})[\\s,:]*|i(?:'d| would)?"
              + " (?:think|believe|choose|chose|pick|select|say|guess|go with)(?:"
              + " that)?(?!\\p{L})\\s*|(?:it is|it's|it must be|that"
              + " is|that's)(?!\\p{L})\\s*|(?:(?:the|my)\\s+)?(?:(?:final|correct|right|best|most"
              + " likely|most appropriate|closest)\\s+)*"
              + "(?:answer|ans\\.?|option|choice|solution|letter)(?:\\s+(?:choice|option|letter))?(?!\\p{L})(?:\\s*(?:is|would"
              + " be|must be|should be|has to be)(?!\\p{L}))?\\s*[:=]?\\s*)");

  /// A letter, in brackets or not, and the rest.
  private static final Pattern LETTER =
      Pattern.compile("(?s)(?:[(\\[]\\s*([A-Za-z])\\s*[)\\]]|([A-Za-z])(?![\\p{L}\\d']))(.*)");

  private static final String REASON =
      "(?:because|since|as|for|due|which|given|where|note|notice)(?!\\p{L})";
  private static final String CONFIRMED =
      "(?:is|was)\\s+(?:the\\s+|definitely\\s+|clearly\\s+)?(?:correct|right|best|true|answer)(?!\\p{L})";

  /// What may follow a letter without brackets, if anything does.
  private static final Pattern PARTED =
      Pattern.compile(
          "(?is)\\s*(?:[.:),;!?]|-+\\s|(?:rather than|instead of|not)\\s|\\(|%s|%s).*"
              .formatted(REASON, CONFIRMED));

  /// What must follow a letter in brackets, if anything does.
  private static final Pattern PARTED_BRACKETS = Pattern.compile("(?s)[\\s.:,;!?-].*");

  /// What may end a text that is a letter.
  private static final Pattern ENDING = Pattern.compile("[\\s.:)!]*");

  private static final Pattern CONFIRMATION = Pattern.compile("(?is)" + CONFIRMED + ".*");
  private static final Pattern BRACKETS = Pattern.compile("^\\(|\\)$");
  private static final Pattern SEPARATORS = Pattern.compile("^[\\s.:),;!?-]+|[\\s.!]+$");

  /// Clauses that may name other options: reasons, and what says that they are wrong.
  private static final Pattern OF_OTHERS =
      Pattern.compile(
          "(?is)(?<!\\p{L})%s.*|(?<!\\p{L})(?:not|than|unlike|instead of)\\s[^.,;]*|[^.;]*\\s(?:is|are)\\s+(?:all\\s+|both\\s+)?(?:wrong|incorrect|false)(?!\\p{L})[^.;]*"
              .formatted(REASON));

  private static final Pattern CONTINUED =
      Pattern.compile(
          "(?is)\\(?(?:(?:and|or|but|nor|versus|vs|to|through|as well|along|together|plus|also|wrong|incorrect"
              + "|false|not (?:correct|right|the)|no(?=,|[\\s.!]*$))(?!\\p{L})|[/&+]).*");

  /// What says of the letter before it that it is wrong.
  private static final Pattern DENIED =
      Pattern.compile(
          "(?is).*(?<!\\p{L})(?:this|that|it|which)\\s+(?:is|was)\\s+(?:\\p{L}+ly\\s+)?(?:wrong|incorrect|false"
              + "|not\\s+(?:correct|right|true|the))(?!\\p{L}).*");

  private static final Pattern UNCONFIRMED =
      Pattern.compile("(?is)(?:is|was|are|isn't|wasn't|can't|cannot|may|might|could)(?!\\p{L}).*");

  /// Another letter, unless `not`, `than` or `unlike` is before it; A before a word is an article,
  /// and a small letter counts in brackets or at the start alone.
  private static final Pattern MENTION =
      Pattern.compile(
          "^([A-Za-z])(?=\\s*(?:[.,;:)]|$))|(?<!(?i:not|than|unlike)"
              + " )(?<![\\p{L}\\d'(\\[])(?:[(\\[]\\s?([A-Za-z])\\s?[)\\]]|([A-Z]))(?![\\p{L}\\d'])(?!(?<=A)\\s+\\p{Ll})");

  private static final Pattern LETTER_AFTER_TEXT =
      Pattern.compile("(?s)(.*\\S)\\s*[(\\[]([A-Za-z])[)\\]]\\.?");

  private final List<String> options;

  private LetterText(List<String> options) {
    this.options = options.stream().map(LetterText::plain).toList();
  }

  /// The letter that a text names; empty where it names none, or more.
  static Optional<String> find(String raw, List<String> options) {
    if (raw.length() > LetterGrader.LONGEST_TEXT) {
      return Optional.empty();
    }
    LetterText reading = new LetterText(options);
    String text = AnswerText.core(plain(raw));
    Optional<String> whole = reading.whole(text);
    for (int i = 0; i < MOST_LEADS && whole.isEmpty(); i++) {
      Matcher lead = LEAD.matcher(text);
      if (!lead.lookingAt()) {
        break;
      }
      text = text.substring(lead.end()).strip();
      whole = reading.whole(text);
    }
    return whole.isEmpty() ? reading.first(text) : whole;
  }

  private static String plain(String raw) {
    String text = Latex.unescape(PlainText.of(AnswerBoxes.opened(raw)));
    return MARK.matcher(unwrapped(unwrapped(Latex.plainSpaces(text)))).replaceAll("").strip();
  }

  private static String unwrapped(String text) {
    Matcher command = COMMAND.matcher(text);
    return command.find() ? command.replaceAll("$1") : text;
  }

  /// The option that a text is, and nothing else.
  private Optional<String> whole(String text) {
    Matcher letter = LETTER.matcher(text);
    if (letter.matches() && ENDING.matcher(letter.group(3)).matches()) {
      return LetterGrader.known(letter, options);
    }
    Optional<String> named = optionOf(text);
    Matcher lettered = LETTER_AFTER_TEXT.matcher(text);
    if (named.isEmpty() && endsInBrackets(text) && lettered.matches()) {
      String upper = lettered.group(2).toUpperCase(Locale.ROOT);
      return optionOf(lettered.group(1)).filter(upper::equals);
    }
    return named;
  }

  private static boolean endsInBrackets(String text) {
    String end = text.endsWith(".") ? text.substring(0, text.length() - 1) : text;
    return end.endsWith(")") || end.endsWith("]");
  }

  /// The option whose letter a text begins with.
  private Optional<String> first(String text) {
    Matcher letter = LETTER.matcher(text);
    if (!letter.matches()) {
      return Optional.empty();
    }
    Optional<String> named = LetterGrader.known(letter, options);
    String after = letter.group(3);
    String rest = SEPARATORS.matcher(after).replaceAll("");
    Optional<String> said = optionOf(BRACKETS.matcher(rest).replaceAll(""));
    if (said.isPresent()) {
      return named.equals(said) ? named : Optional.empty();
    }
    boolean isBare = letter.group(1) == null;
    boolean isSmall = isBare && Character.isLowerCase(letter.group(2).charAt(0));
    boolean isParted =
        isBare
            ? PARTED.matcher(after).matches() && !(isSmall && after.startsWith(" "))
            : PARTED_BRACKETS.matcher(after).matches();
    return isParted ? named.filter(name -> namesNoOther(name, rest)) : Optional.empty();
  }

  private boolean namesNoOther(String name, String rest) {
    if (CONTINUED.matcher(rest).matches() || DENIED.matcher(rest).matches()) {
      return false;
    }
    if (UNCONFIRMED.matcher(rest).matches() && !CONFIRMATION.matcher(rest).matches()) {
      return false;
    }
    Matcher mention = MENTION.matcher(OF_OTHERS.matcher(rest).replaceAll(""));
    while (mention.find()) {
      String other = mention.group().replaceAll("\\P{L}", "").toUpperCase(Locale.ROOT);
      if (LetterGrader.isOption(other, options) && !other.equals(name) && !other.equals("I")) {
        return false;
      }
    }
    return true;
  }

  private Optional<String> optionOf(String text) {
    return LetterGrader.letterOfText(text, options);
  }
}
