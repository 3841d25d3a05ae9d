package dev.irpo.reward;

import dev.irpo.config.TaskSettings;

/// The graders that configuration can name.
public final class Graders {
  private Graders() {}

  /// The grader of a name.
  public static Grader of(TaskSettings.GraderName name) {
    return switch (name) {
      case NUMBER_V1 -> new NumberGrader();
      case MATH_V1 -> new MathGrader();
      case LETTER_V1 -> new LetterGrader();
    };
  }
}
