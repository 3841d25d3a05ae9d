package dev.irpo.experiment;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.ToDoubleBiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A sum of what is measured ([Measure]) with factors, as text:
///
/// ```text
/// irpo@1 - star@1                  by how much IRPO's first iteration is better than STaR
/// 2 irpo@1 - irpo@0 - irpo@2       by how much the first gain is larger than the second
/// irpo@4:majority - irpo@4         by how much voting helps
/// dpo@1:chosen - dpo@0:chosen      how the chosen responses' log-probability changes
/// ```
record Difference(List<Term> terms) {
  private static final Pattern TERM =
      Pattern.compile(
          "\\s*([+-])?\\s*(?:([0-9]+)\\s+)?"
              + ModelRef.PATTERN
              + "(?::("
              + Measure.PATTERN
              + "))?\\s*");

  /// One number.
  record Term(int factor, ModelRef model, Measure measure) {}

  /// Reads one.
  ///
  /// @throws IllegalArgumentException if the text is of another form
  static Difference parse(String text) {
    List<Term> terms = new ArrayList<>();
    Matcher term = TERM.matcher(text);
    int end = 0;
    while (end < text.length()) {
      boolean isTerm = term.region(end, text.length()).lookingAt();
      if (!isTerm || (term.group(1) == null && !terms.isEmpty())) {
        throw new IllegalArgumentException(
            "'%s' is no sum of models; write for instance 'irpo@1 - star@1'".formatted(text));
      }
      int factor = term.group(2) == null ? 1 : Integer.parseInt(term.group(2));
      String measure = term.group(5) == null ? "greedy" : term.group(5);
      terms.add(
          new Term(
              "-".equals(term.group(1)) ? -factor : factor,
              new ModelRef(term.group(3), Integer.parseInt(term.group(4))),
              Measure.of(measure)));
      end = term.end();
    }
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("a difference is empty; write 'irpo@1 - star@1'");
    }
    return new Difference(List.copyOf(terms));
  }

  /// The sum.
  ///
  /// @param measured NaN where a model was not measured so
  /// @return empty if one is missing
  OptionalDouble of(ToDoubleBiFunction<ModelRef, Measure> measured) {
    double sum = 0;
    for (Term term : terms) {
      sum += term.factor * measured.applyAsDouble(term.model, term.measure);
    }
    return Double.isNaN(sum) ? OptionalDouble.empty() : OptionalDouble.of(sum);
  }
}
