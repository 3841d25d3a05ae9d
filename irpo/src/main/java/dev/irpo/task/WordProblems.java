package dev.irpo.task;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The embedded task: generated arithmetic stories of two to four steps with gold chains of
/// thought.
///
/// The kinds of story and their chains are listed at [Story]; kinds take turns. Everything follows
/// from seed, split and index. No problem (kind and numbers that decide the answer) is in two
/// splits, in a split and M_0's corpus ([WordProblemCorpus]), or twice in a split, whatever the
/// seeds of the two; a problem's id is that kind with those numbers.
public final class WordProblems implements Task {
  /// Name in configuration.
  public static final String NAME = "word-problems";

  /// Draws under one key before another key is tried for the same place in a split.
  private static final int MOST_REPEATS = 2_000;

  private final long seed;
  private final Counts counts;
  private final Grader grader = new NumberGrader();

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

  /// The task drawn with a seed.
  public WordProblems(long seed, Counts counts) {
    this.seed = seed;
    this.counts = counts;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Problem> problems(Split split) {
    int count = counts.of(split);
    List<Problem> problems = new ArrayList<>(count);
    Set<String> keys = new HashSet<>();
    for (int index = 0; index < count; index++) {
      problems.add(next(split, index, keys));
    }
    return List.copyOf(problems);
  }

  private Problem next(Split split, int index, Set<String> keys) {
    Pool pool = Pool.of(split);
    Story story = Story.inTurn(index);
    Draws draws = new Draws(seed, pool.drawKey(), index);
    for (int repeat = 0; repeat < MOST_REPEATS; repeat++) {
      StoryProblem problem = StoryProblem.draw(story, pool, StoryProblem.LARGEST_NUMBER, draws);
      if (keys.add(problem.key())) {
        return problem.toProblem(draws);
      }
    }
    throw new IllegalArgumentException(
        "word-problems: %d problems asked for in split %s, but after %d there is no new one of kind %s; ask for at most %d"
            .formatted(counts.of(split), split, index, story, index));
  }

  @Override
  public String prompt(Problem problem) {
    return promptOf(problem.question());
  }

  static String promptOf(String question) {
    return "Question: " + question + "\nSolution:";
  }

  static String responseOf(String chain, String answer) {
    return FinalAnswer.response(chain, " ", answer);
  }

  @Override
  public Optional<String> goldResponse(Problem problem) {
    return problem.goldSolution().map(chain -> responseOf(chain, problem.answer()));
  }

  @Override
  public Grader grader() {
    return grader;
  }
}
