package dev.irpo.reward;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the text of a response that is its answer, and the answer in a sentence, since version 2.
///
/// The text is the first line after the last `Final answer:`. Where that says nothing, or only
/// points elsewhere (`see above`), the last box is read. A grader that reads boxes also does so
/// where there is no `Final answer:`.
final class AnswerText {
  private static final Pattern MARK =
      Pattern.compile("final answer[*_`\\s]*[:\uFF1A]", Pattern.CASE_INSENSITIVE);

  /// A text of these words alone points elsewhere, if one of `POINTING` is among them.
  private static final Pattern POINTER =
      Pattern.compile(
          "(?:(?:please|see|refer|to|as|it|is|the|in|at|of|my|and|here|shown|given|stated|written|derived"
              + "|found|computed|calculated|mentioned|final|answer|solution|result|value|number|expression"
              + "|equation|line|work|box|boxed|above|below|before|earlier|previously|same)[\\s.,;:!]*)+");

  private static final Pattern POINTING =
      Pattern.compile("(?<!\\p{L})(?:box|boxed|above|below|before|earlier|previously)(?!\\p{L})");

  private static final Pattern MARKS = Pattern.compile("[*_`()\\[\\]\"']");

  private static final Pattern LEAD =
      Pattern.compile(
          "(?i)(?:(?:so|thus|hence|therefore|then|and)(?!\\p{L})[\\s,:]*|\\\\therefore(?![a-zA-Z])\\s*)*"
              + "(?:(?:(?:the|my|our)\\s+)?(?:(?:final|correct|right|only)\\s+)*"
              + "(?:answer|solution|result)\\s*(?:(?:is|equals|=)(?!\\p{L})\\s*:?|:)\\s*)?(?:(?:=|\\\\approx(?![a-zA-Z]))\\s*)?");

  /// How Minerva's prompt ends an answer (Lewkowycz et al. 2022, arXiv:2206.14858).
  private static final Pattern HOPE =
      Pattern.compile("(?i)(?<![\\s*.])[\\s*.]*I hope (?:it|this) is correct[\\s.!*]*$");

  private static final Pattern HOPES = Pattern.compile("(?i)I hope");

  /// Marks of Markdown around a whole text. A run at the end is looked for where it begins, so that
  /// a long one that is not at the end takes no square of its length.
  private static final Pattern BOLD =
      Pattern.compile("^(?:\\*+|`+|_{2,})|\\*(?<!\\*\\*)\\**$|`(?<!``)`*$|_(?<!__)_+$");

  private static final int LONGEST_POINTER = 120;

  private AnswerText() {}

  /// The text that is read.
  ///
  /// @param readsBoxes whether a box counts where nothing says `Final answer:`
  static TakenText of(String response, boolean readsBoxes) {
    String own = FinalAnswer.ownPart(response);
    Optional<String> said = FinalAnswer.lineAfterLast(MARK, own);
    if (said.filter(text -> !isPointer(text)).isPresent()) {
      return TakenText.of(said.get(), TakenText.Place.FINAL_ANSWER);
    }
    return said.isPresent() || readsBoxes
        ? TakenText.of(AnswerBoxes.last(own).orElse(""), TakenText.Place.BOXED)
        : TakenText.NONE;
  }

  private static boolean isPointer(String text) {
    if (text.length() > LONGEST_POINTER) {
      return false;
    }
    String words = MARKS.matcher(text.toLowerCase(Locale.ROOT)).replaceAll(" ").strip();
    return words.isEmpty() || (POINTING.matcher(words).find() && POINTER.matcher(words).matches());
  }

  /// What an answer's sentence says, without `the answer is` and `I hope it is correct`.
  static String core(String text) {
    boolean hopes = HOPES.matcher(text).find(); // fast, and almost none do
    String core = unmarked(hopes ? HOPE.matcher(text).replaceFirst("") : text);
    Matcher lead = LEAD.matcher(core);
    return unmarked(lead.lookingAt() ? core.substring(lead.end()) : core);
  }

  private static String unmarked(String text) {
    return BOLD.matcher(text.strip()).replaceAll("").strip();
  }
}
