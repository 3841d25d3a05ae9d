package dev.irpo.reward;

import java.util.List;

/// Takes the final answer out of a response and compares it with the gold answer.
public sealed interface Grader permits ExactMatch {
  /// Name with a version, stored beside every reward; a rule that changes gets a new version.
  String name();

  /// The grade of a response; a response without a readable answer is wrong, never an error.
  ///
  /// @throws IllegalArgumentException if the gold answer itself cannot be read
  Grade grade(String response, Gold gold);

  /// The same for a question without options.
  default Grade grade(String response, String answer) {
    return grade(response, new Gold(answer, List.of()));
  }
}
