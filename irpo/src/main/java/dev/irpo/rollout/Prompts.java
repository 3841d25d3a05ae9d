package dev.irpo.rollout;

import dev.irpo.model.LanguageModel;
import dev.irpo.task.Problem;
import dev.irpo.task.Task;
import dev.irpo.tokenizer.Tokenizer;
import dev.irpo.transformer.LlamaConfig;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// A task's prompts as token ids, each made once however often it is asked for.
public final class Prompts {
  private final Task task;
  private final Tokenizer tokenizer;
  private final LlamaConfig model;
  private final Map<Problem, int[]> ids = new HashMap<>();

  /// Prompts of a task for a model.
  public Prompts(Task task, Tokenizer tokenizer, LlamaConfig model) {
    this.task = task;
    this.tokenizer = tokenizer;
    this.model = model;
  }

  /// What they are the prompts of.
  public Task task() {
    return task;
  }

  /// What they are encoded with.
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /// The model that reads them.
  public LlamaConfig model() {
    return model;
  }

  /// The prompt of a problem; the array is not copied and must not change.
  public int[] ids(Problem problem) {
    return ids.computeIfAbsent(
        problem, key -> LanguageModel.promptIds(tokenizer, model, task.prompt(key)));
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
