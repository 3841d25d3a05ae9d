package dev.irpo.reward;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The boxes of a text, `\boxed{5}` and `\boxed 5`, and the signs that belong to them.
///
/// A sign before a box is a part of the answer, and boxes with nothing but `,`, `and` or `or`
/// between them are one list. Any text is read in one pass.
final class AnswerBoxes {
  /// A box in a text.
  ///
  /// @param start of its command
  /// @param inside start of what is in it
  /// @param close end of what is in it
  /// @param end after it
  private record Box(int start, int inside, int close, int end) {
    /// What is in it, cut out only when asked for: of boxes in boxes, the outermost alone counts.
    String content(String text) {
      return text.substring(inside, close);
    }
  }

  /// A text with one box.
  record Sentence(String before, String content, String after) {}

  /// A brace that is open.
  ///
  /// @param box where the command of a box begins, else -1
  /// @param inside after the brace
  private record Open(int box, int inside) {}

  /// Where a box without braces must end.
  private static final Pattern END = Pattern.compile("\\$|\\R|\\\\[\\])]|$");

  /// A number, fraction or letter in a sentence, and what may follow it.
  private static final Pattern TOKEN =
      Pattern.compile(
          "([+-]?\\s?(?:\\\\?\\$)?(?:\\d[\\d,]*(?:\\.\\d+)?(?:/\\d+)?|\\.\\d+"
              + "|\\\\[dt]?frac(?:\\{[^{}]*\\}|\\d){2}|[A-Za-z])(?:\\\\?%)?)[.,;:!?]*(|\\s+\\p{L}.*)");

  private static final Pattern JOINT =
      Pattern.compile("\\$?\\s*(?:,|,?\\s*(?:and|or)(?!\\p{L}))\\s*\\$?\\s*(?:\\p{L}\\s*=\\s*)?");

  private static final List<String> COMMANDS = List.of("\\boxed", "\\fbox");
  private static final int MOST_SPACES = 8;
  private static final int LONGEST_JOINT = 40;
  private static final int LONGEST_BARE = 200;
  private static final int DEEPEST = 8;

  private final String text;
  private final List<Box> boxes = new ArrayList<>();
  private final Deque<Open> open = new ArrayDeque<>();

  private AnswerBoxes(String text) {
    this.text = text;
  }

  /// The content of the last box, or the text from its sign or from the first box of its list on.
  static Optional<String> last(String text) {
    List<Box> boxes = new AnswerBoxes(text).read();
    if (boxes.isEmpty()) {
      return Optional.empty();
    }
    Box last = boxes.getLast();
    int first = boxes.size() - 1;
    while (first > 0 && areJoint(text, boxes.get(first - 1), boxes.get(first))) {
      first--;
    }
    int start = signStart(text, boxes.get(first).start());
    return Optional.of(
        start == last.start() ? last.content(text).strip() : text.substring(start, last.end()));
  }

  private static boolean areJoint(String text, Box one, Box next) {
    return next.start() - one.end() <= LONGEST_JOINT
        && JOINT.matcher(text.substring(one.end(), next.start())).matches();
  }

  /// Where the sign before a box begins, or the box itself if it has none. A dash between words
  /// belongs to the sentence, and one between terms subtracts.
  private static int signStart(String text, int box) {
    int at = box;
    while (at > 0 && (text.charAt(at - 1) == ' ' || text.charAt(at - 1) == '$')) {
      at--;
    }
    String before = text.substring(Math.max(0, at - LONGEST_JOINT), at).toLowerCase(Locale.ROOT);
    for (String word : List.of("minus", "negative")) {
      if (before.endsWith(word)) {
        return at - word.length();
      }
    }
    if (at == 0 || !"-+".contains(PlainText.of(text.substring(at - 1, at)))) {
      return box;
    }
    String left = text.substring(Math.max(0, at - LONGEST_JOINT), at - 1);
    boolean isApart = left.endsWith(" ") && text.startsWith(" ", at);
    String term = isApart ? left.stripTrailing() : left;
    boolean isSign = term.isEmpty() || "=:$({[,\n ".indexOf(term.charAt(term.length() - 1)) >= 0;
    return isSign ? at - 1 : box;
  }

  /// A text around its one box; empty where there is none, or more.
  static Optional<Sentence> sentence(String text) {
    List<Box> boxes = new AnswerBoxes(text).read();
    if (boxes.size() != 1) {
      return Optional.empty();
    }
    Box box = boxes.getFirst();
    return Optional.of(
        new Sentence(text.substring(0, box.start()), box.content(text), text.substring(box.end())));
  }

  /// A text with its boxes opened; a sum after a sign or another operation is put in brackets.
  static String opened(String text) {
    String opened = text;
    for (int depth = 0; depth < DEEPEST; depth++) {
      List<Box> boxes = new AnswerBoxes(opened).read();
      if (boxes.isEmpty()) {
        return opened;
      }
      StringBuilder out = new StringBuilder();
      int from = 0;
      for (Box box : boxes) {
        out.append(opened, from, box.start());
        String content = box.content(opened);
        boolean isBound = endsWithOperation(out) && isSum(content);
        out.append(isBound ? "(" + content + ")" : content);
        from = box.end();
      }
      opened = out.append(opened, from, opened.length()).toString();
    }
    return opened;
  }

  private static boolean endsWithOperation(CharSequence text) {
    int end = text.length();
    while (end > 0 && " $".indexOf(text.charAt(end - 1)) >= 0) {
      end--;
    }
    String last = end == 0 ? "" : PlainText.of(text.subSequence(end - 1, end).toString());
    return !last.isEmpty() && "+-*/^".contains(last);
  }

  private static boolean isSum(String content) {
    return PlainText.of(content.strip()).chars().anyMatch(c -> "+-,= ".indexOf(c) >= 0);
  }

  /// The outermost boxes, in their order.
  private List<Box> read() {
    int at = 0;
    while (at < text.length()) {
      at = step(at);
    }
    return boxes;
  }

  /// Reads what begins at a place and returns where it ends.
  private int step(int at) {
    return switch (text.charAt(at)) {
      case '{' -> {
        open.push(new Open(-1, at + 1));
        yield at + 1;
      }
      case '}' -> {
        close(at);
        yield at + 1;
      }
      case '\\' -> command(at);
      default -> at + 1;
    };
  }

  private void close(int at) {
    Open opened = open.poll();
    if (opened != null && opened.box() >= 0) {
      while (!boxes.isEmpty() && boxes.getLast().start() > opened.box()) {
        boxes.removeLast();
      }
      boxes.add(new Box(opened.box(), opened.inside(), at, at + 1));
    }
  }

  private int command(int at) {
    boolean isDoubled = text.startsWith("\\", at + 1);
    int name = isDoubled ? at + 1 : at;
    Optional<String> box = COMMANDS.stream().filter(c -> text.startsWith(c, name)).findFirst();
    if (box.isEmpty()) {
      return Math.min(text.length(), at + 2); // an escaped brace is no brace
    }
    int after = name + box.get().length();
    int inside = after;
    while (inside < text.length() && inside < after + MOST_SPACES && text.charAt(inside) == ' ') {
      inside++;
    }
    if (text.startsWith("{", inside)) {
      open.push(new Open(at, inside + 1));
      return inside + 1;
    }
    return bare(at, after, inside);
  }

  private int bare(int start, int after, int inside) {
    boolean isWord = inside == after && after < text.length() && Latex.isLetter(text.charAt(after));
    Matcher end = END.matcher(text);
    end.region(inside, Math.min(text.length(), inside + LONGEST_BARE));
    if (isWord || !end.find()) {
      return after;
    }
    String rest = text.substring(inside, end.start()).stripTrailing();
    Matcher token = TOKEN.matcher(rest);
    boolean isOne = token.matches() && AnswerWords.areHarmlessAfter(token.group(2));
    String content = isOne ? token.group(1) : rest;
    if (content.isBlank()) {
      return after;
    }
    int close = inside + content.length();
    boxes.add(new Box(start, inside, close, close));
    return close;
  }
}
