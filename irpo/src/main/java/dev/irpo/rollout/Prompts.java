package dev.irpo.rollout;

import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.ChatRules;
import dev.irpo.model.PromptRules;
import dev.irpo.model.TextRules;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.time.LocalDate;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A task's problems, with their prompts and gold solutions as token ids: each file is read and
/// each text encoded once, however often it is asked for.
public final class Prompts {
  private final Task task;
  private final TextRules text;
  private final PromptRules rules;
  private final LlamaConfig model;
  private final Map<Split, List<Problem>> problems = new EnumMap<>(Split.class);
  private final Map<Problem, int[]> ids = new HashMap<>();
  private final Map<Problem, Optional<int[]>> gold = new HashMap<>();

  /// Prompts of a task for a model.
  ///
  /// @param rules that make ids of them
  Prompts(Task task, TextRules text, PromptRules rules, LlamaConfig model) {
    this.task = task;
    this.text = text;
    this.rules = rules;
    this.model = model;
  }

  /// Those of the task that a configuration names.
  public static Prompts of(RunConfig config, TextRules text, LlamaConfig model) {
    return of(config, Tasks.open(config.task(), config.seed()), text, model);
  }

  /// The same where that task is open already.
  ///
  /// The model's own chat template is put around texts here and nowhere else, so that sampling,
  /// evaluation and training see the same ids.
  ///
  /// @throws IllegalArgumentException as [ChatRules#of]
  public static Prompts of(RunConfig config, Task task, TextRules text, LlamaConfig model) {
    TextRules read = config.task().specials() ? text.readingSpecials() : text;
    PromptRules rules =
        switch (config.task().chatTemplate()) {
          case NONE, LLAMA_2 -> read;
          case MODEL -> ChatRules.of(read, LocalDate.parse(config.task().chatDate()));
        };
    return new Prompts(task, read, rules, AdaptedModel.sizes(model, config));
  }

  /// What they are the prompts of.
  public Task task() {
    return task;
  }

  /// The problems of a split.
  ///
  /// @throws IOException as [Task#problems]
  /// @throws IllegalArgumentException as [Task#problems]
  public List<Problem> problems(Split split) throws IOException {
    List<Problem> read = problems.get(split);
    if (read == null) {
      read = task.problems(split);
      problems.put(split, read);
    }
    return read;
  }

  /// How ids become texts.
  public TextRules text() {
    return text;
  }

  /// Tokens that end a response.
  public List<Integer> stopIds() {
    return rules.stopIds();
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
      return rules.promptIds(task.prompt(problem));
    } catch (IllegalArgumentException e) {
      throw mistake(problem, e);
    }
  }

  /// The gold solution of a problem as a response to its prompt, if the task has one; the array is
  /// not copied and must not change.
  ///
  /// @throws IllegalArgumentException naming the problem if a text of it spells a control token
  public Optional<int[]> gold(Problem problem) {
    return gold.computeIfAbsent(problem, this::encodedGold);
  }

  private Optional<int[]> encodedGold(Problem problem) {
    try {
      return task.goldResponse(problem)
          .map(response -> rules.finishedResponseIds(task.prompt(problem), response));
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
