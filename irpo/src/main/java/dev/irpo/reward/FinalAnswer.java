package dev.irpo.reward;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The form in which prompts ask for an answer: `Final answer: …` as the last line of a response.
public final class FinalAnswer {
  private static final Pattern MARK =
      Pattern.compile("final answer\\s*:", Pattern.CASE_INSENSITIVE);

  /// What opens bold text or a formula, alone on its line.
  private static final Pattern DELIMITER = Pattern.compile("|\\*\\*|\\$\\$?|\\\\[\\[(]");

  private static final String INVENTED_QUESTION = "Question:";

  private FinalAnswer() {}

  /// A gold response: a space, the chain, the answer.
  public static String response(String chain, String separator, String answer) {
    return " " + chain + separator + "Final answer: " + answer;
  }

  /// The response before any question that the model invents.
  static String ownPart(String response) {
    int invented = response.indexOf(INVENTED_QUESTION);
    return invented < 0 ? response : response.substring(0, invented);
  }

  /// The first line with text after the last mark, before any question that the model invents;
  /// empty where there is none.
  static String textOf(String response) {
    return lineAfterLast(MARK, ownPart(response)).orElse("");
  }

  /// The first line with text after the last mark, an empty one if there is no text; empty where
  /// there is no mark.
  static Optional<String> lineAfterLast(Pattern mark, String text) {
    Matcher marks = mark.matcher(text);
    int start = -1;
    while (marks.find()) {
      start = marks.end();
    }
    return start < 0
        ? Optional.empty()
        : text.substring(start)
            .lines()
            .map(String::strip)
            .filter(line -> !DELIMITER.matcher(line).matches())
            .findFirst()
            .or(() -> Optional.of(""));
  }
}
