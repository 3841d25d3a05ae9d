package dev.irpo.task;

import dev.irpo.reward.Gold;
import java.util.List;
import java.util.Optional;

/// A question with its known answer.
///
/// @param id unique within its task, the same from run to run
/// @param question the text that the prompt asks
/// @param answer the gold answer as the grader compares it, for instance `72`
/// @param goldSolution a chain of thought by the task's author without its final answer; empty
///   where the task has none
/// @param options the texts to choose from, the one of letter A first; empty where the answer is
///   free
/// @param kind the kind of question, for tables by kind; empty where the task does not say
public record Problem(
    String id,
    String question,
    String answer,
    Optional<String> goldSolution,
    List<String> options,
    Optional<String> kind) {
  /// A problem whose answer is free.
  public Problem(
      String id,
      String question,
      String answer,
      Optional<String> goldSolution,
      Optional<String> kind) {
    this(id, question, answer, goldSolution, List.of(), kind);
  }

  /// What responses are compared with.
  public Gold gold() {
    return new Gold(question, answer, options);
  }
}
