package dev.irpo.rollout;

import dev.irpo.config.RunConfig;
import dev.irpo.model.TextRules;
import dev.irpo.task.Problem;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.transformer.LlamaConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A task's prompts as token ids, each made once however often it is asked for.
public final class Prompts {
  private final Task task;
  private final TextRules text;
  private final LlamaConfig model;
  private final Map<Problem, int[]> ids = new HashMap<>();

  /// Prompts of a task for a model.
  Prompts(Task task, TextRules text, LlamaConfig model) {
    this.task = task;
    this.text = text;
    this.model = model;
  }

  /// Those of the task that a configuration names.
  public static Prompts of(RunConfig config, TextRules text, LlamaConfig model) {
    TextRules rules = config.task().specials() ? text.readingSpecials() : text;
    return new Prompts(Tasks.open(config.task(), config.seed()), rules, model);
  }

  /// What they are the prompts of.
  public Task task() {
    return task;
  }

  /// How they become ids.
  public TextRules text() {
    return text;
  }

  /// The model that reads them.
  public LlamaConfig model() {
    return model;
  }

  /// The prompt of a problem; the array is not copied and must not change.
  ///
  /// @throws IllegalArgumentException naming the problem if its text spells a control token
  public int[] ids(Problem problem) {
    return ids.computeIfAbsent(problem, this::encoded);
  }

  private int[] encoded(Problem problem) {
    try {
      return text.promptIds(task.prompt(problem));
    } catch (IllegalArgumentException e) {
      throw mistake(problem, e);
    }
  }

  /// The gold solution of a problem as a response to its prompt, if the task has one.
  ///
  /// @throws IllegalArgumentException naming the problem if a text of it spells a control token
  public Optional<int[]> gold(Problem problem) {
    try {
      return task.goldResponse(problem)
          .map(response -> text.finishedResponseIds(task.prompt(problem), response));
    } catch (IllegalArgumentException e) {
      throw mistake(problem, e);
    }
  }

  private IllegalArgumentException mistake(Problem problem, IllegalArgumentException e) {
    return new IllegalArgumentException(
        "%s, problem %s: %s".formatted(task.name(), problem.id(), e.getMessage()), e);
  }

  /// Tokens of the longest prompt that leaves room for a response, at least 1.
  public int longest(Collection<Problem> problems) {
    return problems.stream()
        .mapToInt(problem -> ids(problem).length)
        .filter(length -> length < model.maxPositions())
        .max()
        .orElse(1);
  }
}
