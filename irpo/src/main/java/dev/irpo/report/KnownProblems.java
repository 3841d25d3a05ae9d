package dev.irpo.report;

import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.model.TextRules;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// The problems of a run: those of its task, or, where their files lie on another machine, what the
/// ids of prompts and gold solutions decode to.
final class KnownProblems {
  private final Map<String, Problem> ofTask = new HashMap<>();
  private final Map<String, int[]> prompts = new HashMap<>();
  private final Map<String, int[]> solutions = new HashMap<>();
  private Optional<TextRules> text = Optional.empty();

  /// Reads the problems of a task.
  ///
  /// @throws IOException if a file cannot be read
  /// @throws IllegalArgumentException if a file's content is not what the task expects
  void read(Task task) throws IOException {
    for (Split split : List.of(Split.TRAIN, Split.HELD_OUT)) {
      task.problems(split).forEach(problem -> ofTask.put(problem.id(), problem));
    }
  }

  /// Decodes from then on what the task does not tell, once the model is there.
  ///
  /// @param missing is told why that cannot be
  void decodeWith(Path model, Consumer<String> missing) {
    if (text.isPresent() || !Files.exists(model)) {
      return;
    }
    try (StoredModel stored = ModelFiles.open(model, Optional.empty())) {
      text = TextRules.of(stored.tokenizerFiles(), LanguageModel.configOf(stored));
    } catch (IllegalArgumentException | IOException e) {
      missing.accept("prompts cannot be decoded: " + e.getMessage());
    }
  }

  /// Keeps the prompt of a problem that the task does not tell.
  void note(Rollout rollout) {
    if (!ofTask.containsKey(rollout.problemId())) {
      prompts.put(rollout.problemId(), rollout.promptIds());
    }
  }

  /// Keeps the gold solution of such a problem, if the pair has it.
  void note(PreferencePair pair) {
    boolean isGold = pair.chosenSample() == PreferencePair.GOLD;
    if (isGold && !ofTask.containsKey(pair.problemId())) {
      solutions.put(pair.problemId(), pair.chosenIds());
    }
  }

  /// A problem as the page shows it.
  ShownProblem shown(String id) {
    Problem problem = ofTask.get(id);
    if (problem != null) {
      return ShownProblem.of(problem);
    }
    int[] prompt = prompts.get(id);
    int[] solution = solutions.get(id);
    if (text.isEmpty() || prompt == null) {
      return ShownProblem.named(id);
    }
    return new ShownProblem(
        id,
        text.get().text(new int[0], prompt).strip(),
        null,
        solution == null ? null : text.get().text(prompt, solution).strip(),
        List.of(),
        null);
  }
}
