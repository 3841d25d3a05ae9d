package dev.irpo.reward;

import java.util.List;
import java.util.Optional;

/// Exact match of mathematical answers, `math-v1`: read after the last `Final answer:`, else from
/// the last balanced `\boxed{}`.
///
/// Both texts are normalised as by the MATH paper's `is_equiv` (Hendrycks et al. 2021,
/// arXiv:2103.03874; [MathText]); then numbers and fractions are equal by value, and tuples, sets,
/// lists and intervals part by part ([MathAnswer]). Nothing is solved or simplified, and texts of
/// more than 1,000 characters are no answers, so a comparison takes microseconds.
public final class MathGrader extends ExactMatch {
  /// Name in configuration.
  public static final String NAME = "math-v1";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  String form() {
    return "a mathematical answer of at most %,d characters".formatted(MathText.LONGEST_TEXT);
  }

  @Override
  TakenText take(String response) {
    TakenText said = super.take(response);
    return said.place() != TakenText.Place.NONE
        ? said
        : TakenText.of(
            BoxedText.last(FinalAnswer.ownPart(response)).orElse(""), TakenText.Place.BOXED);
  }

  @Override
  Optional<String> canonical(String text, List<String> options) {
    return MathAnswer.canonical(text);
  }
}
