package dev.irpo.template;

/// What is wrong with a template, or what it refuses, in one line that names the template's line.
public final class TemplateException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private static final int LONGEST = 400;

  private final int line;

  TemplateException(int line, String fact) {
    super("line %d: %s".formatted(line, oneLine(fact)));
    this.line = line;
  }

  /// The template's line, from 1.
  public int line() {
    return line;
  }

  private static String oneLine(String text) {
    String one = text.replaceAll("\\s+", " ").strip();
    return one.length() <= LONGEST ? one : one.substring(0, LONGEST) + " …";
  }
}
