package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A regular expression of a `tokenizer.json`, which means the same here as in Oniguruma.
///
/// Accepts what both engines read alike: alternatives of characters, classes, `\s \S \d \D \r \n
/// \t`, general categories (`\p{L}`), the ends of the text `\A` and `\z`, the groups `(?:` `(?i:`
/// `(?=` `(?!`, which must not be repeated, and the repetitions `? * + {n,m}`, greedy, lazy or (`?+
/// *+ ++`) possessive. `\s` is Unicode's White_Space. What they read differently, such as `\w`,
/// `\h`, `.` or `^`, is refused by name. Matching reads a bounded number of characters, so no
/// expression can hang.
final class SplitPattern {
  private static final int MAX_LENGTH = 2000;
  private static final long READS_AT_LEAST = 100_000;
  private static final long READS_PER_CHARACTER = 300;
  private static final Pattern ATOM =
      Pattern.compile(
          "\\\\[sSdDrnt]|\\\\[pP]\\{[A-Z][a-z]?\\}|\\\\[^A-Za-z0-9]"
              + "|\\[\\^?(?:\\\\[sSdDrnt]|\\\\[pP]\\{[A-Z][a-z]?\\}|\\\\[^A-Za-z0-9]|[^\\[\\]\\\\&])+\\]"
              + "|[^\\\\\\[\\](){}.^$|?*+]",
          Pattern.DOTALL);
  private static final Pattern GROUP = Pattern.compile("\\((?:\\?(?:i?:|=|!))?");
  private static final Pattern REPEAT =
      Pattern.compile("[?*+][?+]?|\\{[0-9]{1,3}(?:,[0-9]{0,3})?\\}");

  private final String expression;
  private final Pattern pattern;

  /// @throws IllegalArgumentException naming what is not supported
  SplitPattern(String expression) {
    this.expression = expression;
    if (expression.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "a regular expression of %d characters is not supported, only %d"
              .formatted(expression.length(), MAX_LENGTH));
    }
    check();
    pattern = Pattern.compile(expression, Pattern.UNICODE_CHARACTER_CLASS | Pattern.UNICODE_CASE);
  }

  private void check() {
    int depth = 0;
    boolean mayRepeat = false;
    for (int at = 0; at < expression.length(); ) {
      char c = expression.charAt(at);
      int end = -1;
      if (c == '|' || (c == ')' && depth > 0)) {
        depth -= c == ')' ? 1 : 0;
        mayRepeat = false;
        end = at + 1;
      } else if (c == '(') {
        end = end(GROUP, at);
        depth++;
        mayRepeat = false;
        // (?<= and the like are left with a '?' that nothing precedes
      } else if (mayRepeat && "?*+{".indexOf(c) >= 0) {
        end = end(REPEAT, at);
        mayRepeat = false;
      } else if (expression.startsWith("\\A", at) || expression.startsWith("\\z", at)) {
        end = at + 2;
        mayRepeat = false;
      } else {
        end = end(ATOM, at);
        mayRepeat = true;
      }
      if (end < 0) {
        throw refuse(at);
      }
      at = end;
    }
    if (depth != 0) {
      throw refuse(expression.length() - 1);
    }
  }

  private int end(Pattern part, int at) {
    Matcher matcher = part.matcher(expression).region(at, expression.length());
    return matcher.lookingAt() ? matcher.end() : -1;
  }

  private IllegalArgumentException refuse(int at) {
    return new IllegalArgumentException(
        "the regular expression %s is not supported from character %d on"
            .formatted(oneLine(expression), at + 1));
  }

  private static String oneLine(String text) {
    return "'" + OneLine.of(text, 80) + "'";
  }

  /// Whether both are the same expression, to the letter.
  @Override
  public boolean equals(Object other) {
    return other instanceof SplitPattern that && expression.equals(that.expression);
  }

  @Override
  public int hashCode() {
    return expression.hashCode();
  }

  /// The matches and the text between them, in order; together they are the whole text.
  List<String> isolate(String text) {
    List<String> pieces = new ArrayList<>();
    Matcher matcher = pattern.matcher(new BoundedText(text, expression));
    int start = 0;
    while (matcher.find()) {
      if (matcher.end() > matcher.start()) {
        addPiece(text, start, matcher.start(), pieces);
        addPiece(text, matcher.start(), matcher.end(), pieces);
        start = matcher.end();
      }
    }
    addPiece(text, start, text.length(), pieces);
    return pieces;
  }

  /// The text with each match replaced.
  String replace(String text, String content) {
    return pattern
        .matcher(new BoundedText(text, expression))
        .replaceAll(Matcher.quoteReplacement(content));
  }

  private static void addPiece(String text, int start, int end, List<String> pieces) {
    if (start < end) {
      pieces.add(text.substring(start, end));
    }
  }

  /// A text that counts how often it is read.
  private static final class BoundedText implements CharSequence {
    private final String text;
    private final String expression;
    private long readsLeft;

    BoundedText(String text, String expression) {
      this.text = text;
      this.expression = expression;
      readsLeft = READS_AT_LEAST + READS_PER_CHARACTER * text.length();
    }

    @Override
    public char charAt(int index) {
      if (--readsLeft < 0) {
        throw new IllegalArgumentException(
            "the tokenizer's regular expression %s reads a text of %d characters too often; use another tokenizer"
                .formatted(oneLine(expression), text.length()));
      }
      return text.charAt(index);
    }

    @Override
    public int length() {
      return text.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return text.substring(start, end);
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
