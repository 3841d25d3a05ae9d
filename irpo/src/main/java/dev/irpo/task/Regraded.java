package dev.irpo.task;

import dev.irpo.reward.Grader;
import dev.irpo.reward.UnreadableGold;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A task with another grader than its own.
///
/// @param plain the task that is asked
/// @param grader rewards its responses
public record Regraded(Task plain, Grader grader) implements Task {
  @Override
  public String name() {
    return plain.name();
  }

  @Override
  public List<Problem> problems(Split split) throws IOException {
    List<Problem> problems = plain.problems(split);
    for (Problem problem : problems) {
      try {
        grader.requireReadable(problem.gold());
      } catch (UnreadableGold unreadable) {
        throw new IllegalArgumentException(
            "problem %s of %s: %s".formatted(problem.id(), name(), unreadable.getMessage()),
            unreadable);
      }
    }
    return problems;
  }

  @Override
  public String prompt(Problem problem) {
    return plain.prompt(problem);
  }

  @Override
  public Optional<String> goldResponse(Problem problem) {
    return plain.goldResponse(problem);
  }
}
