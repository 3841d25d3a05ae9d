package dev.irpo.report;

import dev.irpo.task.Problem;
import java.util.List;

/// A problem as the page shows it.
///
/// @param question null, like all that follows, where the task's problems cannot be read
/// @param solution null too where the task has none
record ShownProblem(
    String id, String question, String gold, String solution, List<String> options, String kind) {
  static ShownProblem of(Problem problem) {
    return new ShownProblem(
        problem.id(),
        problem.question(),
        problem.answer(),
        problem.goldSolution().orElse(null),
        problem.options(),
        problem.kind().orElse(null));
  }

  /// A problem of which only the name is known.
  static ShownProblem named(String id) {
    return new ShownProblem(id, null, null, null, List.of(), null);
  }
}
