package dev.irpo.task;

import dev.irpo.reward.ExactNumber;
import dev.irpo.reward.FinalAnswer;
import dev.irpo.reward.Grader;
import dev.irpo.reward.GraderVersion;
import dev.irpo.reward.NumberGrader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Grade-school mathematics (Cobbe et al. 2021, arXiv:2110.14168) as published: `train.jsonl` and
/// `test.jsonl`, each line with `question` and `answer`, the number after `####`.
///
/// The prompt is the paper's zero-shot prompt (arXiv:2404.19733, appendix A.1). A gold solution is
/// the published one without its calculator marks `<<…>>`, ending in `Final answer: …` like the
/// model's own.
public final class Gsm8k implements Task {
  /// Name in configuration.
  public static final String NAME = "gsm8k";

  private static final String INSTRUCTION =
      "Your task is to answer the question below. Give step by step reasoning before you answer,"
          + " and when you're ready to answer, please use the format \"Final answer: ...\"";
  private static final Pattern CALCULATOR_MARK = Pattern.compile("<<[^<>]*>>");
  private static final String ANSWER_MARK = "####";

  private final ProblemFiles files;
  private final Grader grader;

  /// The task over these files, with the latest grader.
  public Gsm8k(ProblemFiles files) {
    this(files, GraderVersion.LATEST);
  }

  /// The task over these files, with a certain grader.
  public Gsm8k(ProblemFiles files, GraderVersion version) {
    this.files = files;
    grader = new NumberGrader(version);
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

  private Problem problem(ProblemJson json, String id) {
    String worked = json.text("answer");
    int mark = worked.lastIndexOf(ANSWER_MARK);
    String answer = mark < 0 ? "" : worked.substring(mark + ANSWER_MARK.length()).strip();
    if (ExactNumber.find(answer).isEmpty()) {
      throw json.mistake(
          "no number after '%s' in its answer; GSM8K ends each answer in '%s 72'"
              .formatted(ANSWER_MARK, ANSWER_MARK));
    }
    String chain = CALCULATOR_MARK.matcher(worked.substring(0, mark)).replaceAll("").strip();
    Optional<String> solution = Optional.of(chain).filter(text -> !text.isEmpty());
    return json.gradable(
        new Problem(id, json.text("question"), answer, solution, Optional.empty()), grader);
  }

  @Override
  public String prompt(Problem problem) {
    return INSTRUCTION + "\nQuestion: " + problem.question() + "\nSolution:";
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
