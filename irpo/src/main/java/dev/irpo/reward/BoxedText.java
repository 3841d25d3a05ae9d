package dev.irpo.reward;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// Finds `\boxed{…}` in text, in one pass whatever the text is.
public final class BoxedText {
  private static final String BOXED = "\\boxed";
  private static final String FRAMED = "\\fbox";
  private static final int PLAIN = -1;

  private BoxedText() {}

  /// The content of the last `\boxed` or `\fbox` whose braces are balanced.
  public static Optional<String> last(String text) {
    Deque<Integer> open = new ArrayDeque<>();
    int start = PLAIN;
    int end = PLAIN;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '{') {
        open.push(opensBox(text, i) ? i + 1 : PLAIN);
      } else if (c == '}' && !open.isEmpty()) {
        int opened = open.pop();
        if (opened > start) {
          start = opened;
          end = i;
        }
      } else if (c == '\\' && i + 1 < text.length() && "{}\\".indexOf(text.charAt(i + 1)) >= 0) {
        i++; // an escaped brace is no brace
      }
    }
    return start == PLAIN ? Optional.empty() : Optional.of(text.substring(start, end).strip());
  }

  private static boolean opensBox(String text, int brace) {
    int end = brace;
    while (end > 0 && text.charAt(end - 1) == ' ') {
      end--;
    }
    return text.startsWith(BOXED, end - BOXED.length())
        || text.startsWith(FRAMED, end - FRAMED.length());
  }
}
