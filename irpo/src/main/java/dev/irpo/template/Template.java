package dev.irpo.template;

import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A template that can be rendered any number of times, by many threads.
public final class Template {
  private final List<Statement> statements;

  private Template(List<Statement> statements) {
    this.statements = statements;
  }

  /// Reads a template.
  ///
  /// @throws TemplateException in one line if it is no template, or has what is not read here
  public static Template parse(String source) {
    if (source.length() > Budget.MAX_TEXT) {
      throw new TemplateException(
          1,
          "has %d characters, a template has at most %d"
              .formatted(source.length(), Budget.MAX_TEXT));
    }
    return new Template(Parser.parse(source));
  }

  /// What it makes of some variables.
  ///
  /// @param variables by name
  /// @param today the date that `strftime_now` says
  /// @throws TemplateException in one line if it cannot be done, takes too much, or refuses
  public String render(Map<String, Value> variables, LocalDate today) {
    Budget budget = new Budget();
    Renderer renderer = new Renderer(budget);
    Map<String, Value> all = new HashMap<>(Functions.of(today, budget, renderer.operators()));
    all.putAll(variables);
    try {
      return renderer.text(statements, Scope.of(all));
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new TemplateException(budget.line(), String.valueOf(e.getMessage()));
    } catch (StackOverflowError e) {
      throw new TemplateException(budget.line(), "is nested too deep for this thread");
    }
  }
}
