package dev.irpo.template;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Cuts a template into tokens, with the white space around tags that `trim_blocks` and
/// `lstrip_blocks` drop: one line break after a statement or comment, and blanks before one that
/// begins a line. `-` at a tag drops all white space there, `+` keeps it.
final class Lexer {
  /// White space as Python has it.
  private static final String SPACE = "[\\s\\x1c-\\x1f]*";

  private static final Pattern RAW_BEGIN = pattern("\\{%[-+]?_raw_(-%\\}_|%\\})");
  private static final Pattern RAW_END = pattern("\\{%([-+]?)_endraw_(\\+%\\}|-%\\}_|%\\}\\n?)");
  private static final Pattern COMMENT_END = pattern("\\+#\\}|-#\\}_|#\\}\\n?");
  private static final Pattern BLOCK_END = pattern("\\+%\\}|-%\\}_|%\\}\\n?");
  private static final Pattern VARIABLE_END = pattern("-\\}\\}_|\\}\\}");
  private static final List<String> OPERATORS =
      List.of(
          "**", "//", "==", "!=", "<=", ">=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<String> open = new ArrayDeque<>();
  private int at;
  private boolean startsLine = true;
  private int countedTo;
  private int line = 1;

  private Lexer(String source) {
    this.source = source;
  }

  private static Pattern pattern(String withSpaces) {
    return Pattern.compile(withSpaces.replace("_", SPACE), Pattern.UNICODE_CHARACTER_CLASS);
  }

  /// @return the tokens, [Token.Kind#END] last
  /// @throws TemplateException if a tag or a string does not end, or a character means nothing
  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    String lines = source.endsWith("\n") ? source.substring(0, source.length() - 1) : source;
    Lexer lexer = new Lexer(lines);
    lexer.read();
    return lexer.tokens;
  }

  private void read() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        add(Token.Kind.DATA, source.substring(at), at);
        break;
      }
      char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
      boolean isSigned = sign == '-' || sign == '+';
      char kind = source.charAt(tag + 1);
      String text = before(source.substring(at, tag), isSigned ? sign : ' ', kind == '{');
      if (!text.isEmpty()) {
        add(Token.Kind.DATA, text, at);
      }
      at = tag;
      int inside = tag + (isSigned ? 3 : 2);
      switch (kind) {
        case '#' -> comment(inside);
        case '{' -> variable(inside);
        default -> {
          Matcher raw = RAW_BEGIN.matcher(source).region(tag, source.length());
          if (raw.lookingAt()) {
            raw(raw.end());
          } else {
            block(inside);
          }
        }
      }
    }
    add(Token.Kind.END, "", source.length());
  }

  private int nextTag() {
    for (int i = at; i + 1 < source.length(); i++) {
      char next = source.charAt(i + 1);
      if (source.charAt(i) == '{' && (next == '%' || next == '{' || next == '#')) {
        return i;
      }
    }
    return -1;
  }

  /// A text that a tag follows.
  private String before(String text, char sign, boolean isVariable) {
    if (sign == '-') {
      return PythonText.stripEnd(text);
    }
    int lineStart = text.lastIndexOf('\n') + 1;
    boolean isBlank = PythonText.strip(text.substring(lineStart)).isEmpty();
    boolean drops = sign != '+' && !isVariable && (lineStart > 0 || startsLine) && isBlank;
    return drops ? text.substring(0, lineStart) : text;
  }

  private void comment(int inside) {
    Matcher end = COMMENT_END.matcher(source);
    if (!end.find(inside)) {
      throw mistake("a comment '{#' does not end in '#}'");
    }
    endTag(end.end());
  }

  private void raw(int inside) {
    int begin = at;
    endTag(inside);
    Matcher end = RAW_END.matcher(source);
    if (!end.find(inside)) {
      at = begin;
      throw mistake("'{% raw %}' does not end in '{% endraw %}'");
    }
    char sign = end.group(1).isEmpty() ? ' ' : end.group(1).charAt(0);
    add(Token.Kind.DATA, before(source.substring(inside, end.start()), sign, false), inside);
    endTag(end.end());
  }

  private void endTag(int end) {
    at = end;
    startsLine = source.charAt(at - 1) == '\n';
  }

  private void block(int inside) {
    add(Token.Kind.BLOCK_BEGIN, "", at);
    at = inside;
    expression(BLOCK_END, Token.Kind.BLOCK_END, "'{%' does not end in '%}'");
  }

  private void variable(int inside) {
    add(Token.Kind.VARIABLE_BEGIN, "", at);
    at = inside;
    expression(VARIABLE_END, Token.Kind.VARIABLE_END, "'{{' does not end in '}}'");
  }

  private void expression(Pattern ending, Token.Kind kind, String unended) {
    int begin = at;
    open.clear();
    while (at < source.length()) {
      Matcher end = ending.matcher(source).region(at, source.length());
      if (open.isEmpty() && end.lookingAt()) {
        add(kind, "", at);
        endTag(end.end());
        return;
      }
      char c = source.charAt(at);
      if (PythonText.isSpace(c)) {
        at++;
      } else if (c == '\'' || c == '"') {
        string(c);
      } else if (c >= '0' && c <= '9') {
        number();
      } else if (isWord(source.codePointAt(at))) {
        name();
      } else {
        operator();
      }
    }
    at = begin;
    throw mistake(unended);
  }

  private void string(char quote) {
    int end = at + 1;
    while (end < source.length() && source.charAt(end) != quote) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    if (end >= source.length()) {
      throw mistake("a string does not end");
    }
    add(Token.Kind.STRING, StringLiteral.text(source.substring(at + 1, end), lineAt(at)), at);
    at = end + 1;
  }

  private void number() {
    int end = digits(at);
    boolean isReal = false;
    boolean isMember = at > 0 && source.charAt(at - 1) == '.';
    if (!isMember && isDigitAt(end + 1) && source.charAt(end) == '.') {
      end = digits(end + 1);
      isReal = true;
    }
    if (!isMember && end < source.length() && (source.charAt(end) | 0x20) == 'e') {
      int exponent = end + 1;
      boolean isSigned =
          exponent < source.length()
              && (source.charAt(exponent) == '+' || source.charAt(exponent) == '-');
      exponent += isSigned ? 1 : 0;
      if (isDigitAt(exponent)) {
        end = digits(exponent);
        isReal = true;
      }
    }
    String text = source.substring(at, end).replace("_", "");
    add(isReal ? Token.Kind.REAL : Token.Kind.INTEGER, text, at);
    at = end;
  }

  private int digits(int from) {
    int end = from;
    while (isDigitAt(end)
        || (end < source.length() && source.charAt(end) == '_' && isDigitAt(end + 1))) {
      end++;
    }
    return end;
  }

  private boolean isDigitAt(int index) {
    return index < source.length() && source.charAt(index) >= '0' && source.charAt(index) <= '9';
  }

  private static boolean isWord(int c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }

  private void name() {
    int end = at;
    while (end < source.length() && isWord(source.codePointAt(end))) {
      end += Character.charCount(source.codePointAt(end));
    }
    add(Token.Kind.NAME, source.substring(at, end), at);
    at = end;
  }

  private void operator() {
    String operator =
        OPERATORS.stream().filter(sign -> source.startsWith(sign, at)).findFirst().orElse("");
    switch (operator) {
      case "" ->
          throw mistake(
              "the character '%s' means nothing"
                  .formatted(Character.toString(source.codePointAt(at))));
      case "(" -> open.push(")");
      case "[" -> open.push("]");
      case "{" -> open.push("}");
      case ")", "]", "}" -> {
        if (open.isEmpty() || !open.pop().equals(operator)) {
          throw mistake("'%s' closes nothing".formatted(operator));
        }
      }
      default -> {}
    }
    add(Token.Kind.OPERATOR, operator, at);
    at += operator.length();
  }

  private void add(Token.Kind kind, String text, int start) {
    tokens.add(new Token(kind, text, lineAt(start)));
  }

  private int lineAt(int position) {
    if (position < countedTo) {
      return 1 + (int) source.substring(0, position).chars().filter(c -> c == '\n').count();
    }
    for (; countedTo < position; countedTo++) {
      line += source.charAt(countedTo) == '\n' ? 1 : 0;
    }
    return line;
  }

  private TemplateException mistake(String fact) {
    return new TemplateException(lineAt(at), fact);
  }
}
