package dev.irpo.tokenizer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Cuts added tokens out of text, the leftmost first and the longest there (`AddedVocabulary` of
/// Hugging Face's tokenizers).
final class AddedTokens {
  /// A span of text, or an added token; `token` is null for text.
  record Stretch(AddedToken token, String text, int start) {}

  private final Map<String, AddedToken> byText = new HashMap<>();
  private final SymbolMatcher matcher;

  /// @param normalize what the text that is searched has gone through
  AddedTokens(List<AddedToken> tokens, UnaryOperator<String> normalize) {
    for (AddedToken token : tokens) {
      String text = normalize.apply(token.content());
      if (!text.isEmpty()) {
        byText.putIfAbsent(text, token);
      }
    }
    matcher = new SymbolMatcher(List.copyOf(byText.keySet()));
  }

  /// @param readsSpecials whether special tokens are cut out as well
  List<Stretch> cut(String text, boolean readsSpecials) {
    List<Stretch> stretches = new ArrayList<>();
    int done = 0;
    for (int i = 0; i < text.length(); ) {
      String match = matcher.matchAt(text, i);
      if (match == null) {
        i++;
        continue;
      }
      AddedToken token = byText.get(match);
      int start = i;
      int end = i + match.length();
      i = end;
      if ((token.special() && !readsSpecials) || !stands(token, text, start, end)) {
        continue;
      }
      while (token.lstrip() && start > done && isSpace(text.charAt(start - 1))) {
        start--;
      }
      while (token.rstrip() && end < text.length() && isSpace(text.charAt(end))) {
        end++;
      }
      if (done < start) {
        stretches.add(new Stretch(null, text.substring(done, start), done));
      }
      stretches.add(new Stretch(token, match, start));
      done = end;
    }
    if (done < text.length()) {
      stretches.add(new Stretch(null, text.substring(done), done));
    }
    return stretches;
  }

  private static boolean stands(AddedToken token, String text, int start, int end) {
    return !token.singleWord()
        || ((start == 0 || !isWord(text.codePointBefore(start)))
            && (end == text.length() || !isWord(text.codePointAt(end))));
  }

  /// White_Space of Unicode; no character beyond U+FFFF has it.
  private static boolean isSpace(char c) {
    return (Character.isWhitespace(c) && (c < 0x1C || c > 0x1F))
        || c == 0x85
        || Character.isSpaceChar(c);
  }

  /// What `\w` means in Unicode (UTS #18, annex C).
  private static boolean isWord(int codePoint) {
    int type = Character.getType(codePoint);
    return Character.isAlphabetic(codePoint)
        || type == Character.DECIMAL_DIGIT_NUMBER
        || type == Character.CONNECTOR_PUNCTUATION
        || type == Character.NON_SPACING_MARK
        || type == Character.ENCLOSING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || codePoint == 0x200C
        || codePoint == 0x200D;
  }
}
