package dev.irpo.task;

import dev.irpo.reward.FinalAnswer;
import dev.irpo.reward.Grader;
import dev.irpo.reward.GraderVersion;
import dev.irpo.reward.MathGrader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Competition mathematics, MATH (Hendrycks et al. 2021, arXiv:2103.03874), as published: folders
/// `train` and `test` of one-problem json files, or the jsonl form.
///
/// The prompt is the paper's (arXiv:2404.19733, appendix A.1) with fixed solved examples from the
/// train problems. The examples are neither trained nor chosen on, as their answers are in the
/// prompt. Published files are sorted by subject, so problems are taken in a mixed order that
/// follows from their ids: the held-out ones are then a fair sample.
public final class CompetitionMath implements Task {
  /// Name in configuration.
  public static final String NAME = "math";

  private static final String INSTRUCTION =
      "Your task is to answer the last question below. Give step by step reasoning before you"
          + " answer, and when you're ready to answer, please wrap your answer in \\boxed, and"
          + " conclude using the format \"Final answer: ...\"";

  private final ProblemFiles files;
  private final List<String> exampleIds;
  private final Grader grader;
  private String opening;

  /// The task over these files.
  ///
  /// @param exampleIds of the train problems that the prompt shows, in their order
  public CompetitionMath(ProblemFiles files, List<String> exampleIds, GraderVersion version) {
    this.files = files;
    this.exampleIds = List.copyOf(exampleIds);
    grader = new MathGrader(version);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Problem> problems(Split split) throws IOException {
    opening(); // a missing example is refused before anything is computed
    return files.problems(split, this::readOthers);
  }

  private List<Problem> readOthers(Path file, String split) throws IOException {
    return read(file, split).stream()
        .filter(problem -> !exampleIds.contains(problem.id()))
        .toList();
  }

  private List<Problem> read(Path file, String split) throws IOException {
    List<Problem> problems = new ArrayList<>(MathFiles.read(file, split, grader));
    problems.sort(
        Comparator.<Problem>comparingLong(problem -> MathFiles.mixed(problem.id()))
            .thenComparing(Problem::id));
    return List.copyOf(problems);
  }

  /// The prompt's instruction and solved examples.
  private String opening() throws IOException {
    if (opening == null) {
      List<Problem> train = exampleIds.isEmpty() ? List.of() : files.allTrain(this::read);
      StringBuilder text = new StringBuilder(INSTRUCTION);
      for (String id : exampleIds) {
        Problem example = example(train, id);
        text.append("\nQuestion: ").append(example.question());
        text.append("\nSolution:").append(goldResponse(example).orElseThrow());
      }
      opening = text.toString();
    }
    return opening;
  }

  private Problem example(List<Problem> train, String id) {
    return train.stream()
        .filter(problem -> problem.id().equals(id) && problem.goldSolution().isPresent())
        .findFirst()
        .orElseThrow(() ->
            new IllegalArgumentException(
                "task.examples: %s has no solved problem '%s' among its %d; ids there look like '%s'"
                    .formatted(
                        files.train().orElseThrow(),
                        id,
                        train.size(),
                        train.stream().findFirst().map(Problem::id).orElse(""))));
  }

  @Override
  public String prompt(Problem problem) {
    if (opening == null) {
      throw new IllegalStateException("prompts need their examples; ask for problems first");
    }
    return opening + "\nQuestion: " + problem.question() + "\nSolution:";
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
