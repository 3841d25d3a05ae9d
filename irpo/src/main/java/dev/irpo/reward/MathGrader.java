package dev.irpo.reward;

import java.util.List;
import java.util.Optional;

/// Exact match of mathematical answers: read after the last `Final answer:`, else from the last
/// balanced `\boxed{}`.
///
/// Both texts are normalised as by the MATH paper's `is_equiv` (Hendrycks et al. 2021,
/// arXiv:2103.03874; [MathText]); then numbers and fractions are equal by value, and tuples, sets,
/// lists and intervals part by part ([MathAnswer]). Nothing is solved or simplified, and texts of
/// more than 1,000 characters are no answers, so a comparison takes microseconds. Version 2 keeps
/// apart lists, spaces between digits and relations that version 1 runs together ([MathReading]).
public final class MathGrader extends ExactMatch {
  private static final String KIND = "math";

  /// The latest version.
  public MathGrader() {
    this(GraderVersion.LATEST);
  }

  /// A certain version.
  public MathGrader(GraderVersion version) {
    super(KIND, version);
  }

  @Override
  String form() {
    return "a mathematical answer of at most %,d characters".formatted(MathText.LONGEST_TEXT);
  }

  @Override
  TakenText take(String response) {
    return switch (version()) {
      case V1 -> {
        TakenText said = super.take(response);
        String own = FinalAnswer.ownPart(response);
        yield said.place() != TakenText.Place.NONE
            ? said
            : TakenText.of(BoxedText.last(own).orElse(""), TakenText.Place.BOXED);
      }
      case V2 -> AnswerText.of(response, true);
    };
  }

  @Override
  Optional<String> canonical(String text, List<String> options) {
    return switch (version()) {
      case V1 -> MathAnswer.canonical(text);
      case V2 -> MathReading.canonical(text);
    };
  }
}
