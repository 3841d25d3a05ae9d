package dev.irpo.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Grade-school mathematics (Cobbe et al. 2021, arXiv:2110.14168) as published: `train.jsonl` and
/// `test.jsonl`, each line with `question` and `answer`.
///
/// The prompt is the paper's zero-shot prompt (arXiv:2404.19733, appendix). A gold solution is the
/// published one without its calculator marks `<<…>>`, ending in `Final answer: …` like the model's
/// own. The held-out part is the end of the train file.
public final class Gsm8k implements Task {
  /// Name in configuration.
  public static final String NAME = "gsm8k";

  private static final String INSTRUCTION =
      "Your task is to answer the question below. Give step by step reasoning before you answer,"
          + " and when you're ready to answer, please use the format \"Final answer: ...\"";

  private final Path trainFile;
  private final Path testFile;
  private final Counts counts;
  private final Grader grader = new NumberGrader();

  /// How many problems of each split are used; 0 stands for all that there are.
  ///
  /// @param train from the start of the train file
  /// @param heldOut from the end of the train file; here 0 means none
  /// @param test from the start of the test file
  public record Counts(int train, int heldOut, int test) {}

  /// The task over these files, which are read when problems are asked for.
  public Gsm8k(Path trainFile, Path testFile, Counts counts) {
    this.trainFile = trainFile;
    this.testFile = testFile;
    this.counts = counts;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Problem> problems(Split split) throws IOException {
    if (split == Split.TEST) {
      List<Problem> all = Gsm8kFile.read(testFile, "test");
      return all.subList(0, wanted("task.testProblems", counts.test(), all.size(), testFile));
    }
    List<Problem> all = Gsm8kFile.read(trainFile, "train");
    if (counts.heldOut() >= all.size()) {
      throw new IllegalArgumentException(
          "task.heldOutProblems is %d, %s has %d problems in all; hold out fewer"
              .formatted(counts.heldOut(), trainFile, all.size()));
    }
    int firstHeldOut = all.size() - counts.heldOut();
    if (split == Split.HELD_OUT) {
      return all.subList(firstHeldOut, all.size());
    }
    return all.subList(0, wanted("task.trainProblems", counts.train(), firstHeldOut, trainFile));
  }

  private static int wanted(String key, int count, int available, Path file) {
    if (count > available) {
      throw new IllegalArgumentException(
          "%s is %d, %s has %d problems for it; ask for fewer, or for all with 0"
              .formatted(key, count, file, available));
    }
    return count == 0 ? available : count;
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
