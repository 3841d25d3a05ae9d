package dev.irpo.template;

/// What is wrong with a template, or what it refuses, in one line that names the template's line.
public final class TemplateException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST = 400;

  TemplateException(int line, String fact) {
    super("line %d: %s".formatted(line, oneLine(fact)));
  }

  private static String oneLine(String text) {
    return cut(text.replaceAll("[\\s\\p{Cc}\u2028\u2029]+", " ").strip(), LONGEST);
  }

  /// A text of at most so many characters and a sign that there were more.
  static String cut(String text, int longest) {
    if (text.length() <= longest) {
      return text;
    }
    boolean isPair = Character.isHighSurrogate(text.charAt(longest - 1));
    return text.substring(0, isPair ? longest - 1 : longest) + " …";
  }
}
