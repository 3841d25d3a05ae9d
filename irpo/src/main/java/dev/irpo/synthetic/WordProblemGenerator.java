package dev.irpo.synthetic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Writes the word problems of a pool: arithmetic stories of two to four steps with gold chains of
/// thought.
///
/// The kinds of story and their chains are listed at [Story]; kinds take turns. Everything follows
/// from seed, pool and index. No problem is in two pools, or twice in one, whatever the seeds of
/// the two.
///
/// @param seed keys all draws
public record WordProblemGenerator(long seed) {
  /// Draws under one key before another key is tried for the same place in a pool.
  private static final int MOST_REPEATS = 2_000;

  /// The first `count` problems of a pool.
  ///
  /// @throws IllegalArgumentException if the pool does not hold so many
  public List<WordProblem> problems(Pool pool, int count) {
    List<WordProblem> problems = new ArrayList<>(count);
    Set<String> keys = new HashSet<>();
    for (int index = 0; index < count; index++) {
      if (!addNext(problems, keys, pool)) {
        throw new IllegalArgumentException(
            "word-problems: %d problems asked for in split %s, but after %d there is no new one of kind %s; ask for at most %d"
                .formatted(count, pool, index, Story.ofIndex(index), index));
      }
    }
    return List.copyOf(problems);
  }

  private boolean addNext(List<WordProblem> problems, Set<String> keys, Pool pool) {
    int index = problems.size();
    Draws draws = new Draws(seed, pool.drawKey(), index);
    for (int repeat = 0; repeat < MOST_REPEATS; repeat++) {
      StoryProblem problem =
          StoryProblem.draw(Story.ofIndex(index), pool, StoryProblem.LARGEST_NUMBER, draws);
      if (keys.add(problem.key())) {
        problems.add(problem.written(draws));
        return true;
      }
    }
    return false;
  }
}
