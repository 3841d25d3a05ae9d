package dev.irpo.task;

import dev.irpo.reward.FinalAnswer;
import dev.irpo.reward.Grader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The user's own problems: jsonl with `question`, `answer` and perhaps `solution` and `id`, a
/// prompt template and a grader from the configuration.
public final class CustomTask implements Task {
  /// Name in configuration.
  public static final String NAME = "custom";

  private static final String QUESTION = "{question}";

  private final ProblemFiles files;
  private final String template;
  private final Grader grader;

  /// The task over these files.
  public CustomTask(ProblemFiles files, String template, Grader grader) {
    this.files = files;
    this.template = template;
    this.grader = grader;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Problem> problems(Split split) throws IOException {
    return files.problems(split, this::read);
  }

  private List<Problem> read(Path file, String split) throws IOException {
    return ProblemJson.readLines(file, split, this::problem);
  }

  private Problem problem(ProblemJson json, String defaultId) {
    Problem problem =
        new Problem(
            json.optionalText("id").orElse(defaultId),
            json.text("question"),
            json.text("answer"),
            json.optionalText("solution"),
            Optional.empty());
    return json.gradable(problem, grader);
  }

  @Override
  public String prompt(Problem problem) {
    return template.replace(QUESTION, problem.question());
  }

  @Override
  public Optional<String> goldResponse(Problem problem) {
    return problem.goldSolution().map(chain -> FinalAnswer.response(chain, "\n", problem.answer()));
  }

  @Override
  public Grader grader() {
    return grader;
  }
}
