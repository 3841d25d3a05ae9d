package dev.irpo.task;

import dev.irpo.reward.Grader;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A set of problems with the prompt that asks them and the grader that rewards answers.
public interface Task {
  /// Name in configuration, for instance `gsm8k`.
  String name();

  /// The problems of a split, in a fixed order; splits share no problem.
  ///
  /// @throws IOException if a file cannot be read
  /// @throws IllegalArgumentException if a file's content is not what the task expects
  List<Problem> problems(Split split) throws IOException;

  /// The prompt x of a problem, without a space at its end.
  String prompt(Problem problem);

  /// The gold chain and answer (c, y) in the form that the prompt asks for, beginning with a space,
  /// so that `prompt + response` is the whole text; empty where the task has no gold solutions.
  Optional<String> goldResponse(Problem problem);

  /// What compares answers of this task.
  Grader grader();
}
