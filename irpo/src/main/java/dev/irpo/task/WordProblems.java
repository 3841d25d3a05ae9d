package dev.irpo.task;

import dev.irpo.reward.Grader;
import dev.irpo.reward.GraderVersion;
import dev.irpo.reward.NumberGrader;
import dev.irpo.synthetic.Pool;
import dev.irpo.synthetic.WordProblem;
import dev.irpo.synthetic.WordProblemGenerator;
import java.util.List;
import java.util.Optional;

/// The embedded task: generated arithmetic stories with gold chains of thought
/// ([WordProblemGenerator]).
///
/// Each split has its own [Pool] of problems, so no problem is in two splits, in a split and M_0's
/// corpus ([dev.irpo.synthetic.WordProblemCorpus]), or twice in a split, whatever the seeds.
public final class WordProblems implements Task {
  /// Name in configuration.
  public static final String NAME = "word-problems";

  private final WordProblemGenerator generator;
  private final Counts counts;
  private final Grader grader;

  /// How many problems each split has, 0 or more.
  public record Counts(int train, int heldOut, int test) {
    /// 600 to train on, 250 held out, 500 to test on.
    public static final Counts STANDARD = new Counts(600, 250, 500);

    int of(Split split) {
      return switch (split) {
        case TRAIN -> train;
        case HELD_OUT -> heldOut;
        case TEST -> test;
      };
    }
  }

  /// The task drawn with a seed, with the latest grader.
  public WordProblems(long seed, Counts counts) {
    this(seed, counts, GraderVersion.LATEST);
  }

  /// The task drawn with a seed, with a certain grader.
  public WordProblems(long seed, Counts counts, GraderVersion version) {
    generator = new WordProblemGenerator(seed);
    this.counts = counts;
    grader = new NumberGrader(version);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Problem> problems(Split split) {
    return generator.problems(poolOf(split), counts.of(split)).stream()
        .map(WordProblems::problem)
        .toList();
  }

  private static Pool poolOf(Split split) {
    return switch (split) {
      case TRAIN -> Pool.TRAIN;
      case HELD_OUT -> Pool.HELD_OUT;
      case TEST -> Pool.TEST;
    };
  }

  private static Problem problem(WordProblem written) {
    return new Problem(
        written.id(),
        written.question(),
        written.answer(),
        Optional.of(written.chain()),
        Optional.of(written.kind()));
  }

  @Override
  public String prompt(Problem problem) {
    return WordProblem.prompt(problem.question());
  }

  @Override
  public Optional<String> goldResponse(Problem problem) {
    return problem.goldSolution().map(chain -> WordProblem.response(chain, problem.answer()));
  }

  @Override
  public Grader grader() {
    return grader;
  }
}
