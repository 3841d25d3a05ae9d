package dev.irpo.synthetic;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// One word problem before it becomes text: a kind of story with its numbers, and what is made of
/// them rightly and by habit.
record StoryProblem(Story story, Numbers numbers, Chain right, Chain habit) {
  /// Largest number in a problem or its chains: two digits are what a model of a million parameters
  /// adds reliably.
  static final int LARGEST_NUMBER = 99;

  private static final int LARGEST_FACTOR = 9;
  private static final int MOST_ATTEMPTS = 20_000;
  private static final double DISTRACTOR_SHARE = 0.25;
  private static final int LARGEST_DISTRACTOR = 60;
  private static final List<String> DISTRACTORS =
      List.of(" {P} also has {x} {V} at home.", " {P} lives in house {x}.", " {S} has {x} {V}.");

  /// Draws numbers until the story makes sense, its habit gives another answer, and the pool holds
  /// its key.
  ///
  /// @param largest bound of all numbers; ranges of terms (not of factors) grow with it
  static StoryProblem draw(Story story, Pool pool, int largest, Draws draws) {
    List<Story.Range> ranges = story.ranges();
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      Numbers numbers = new Numbers();
      for (Story.Range range : ranges) {
        numbers.set(range.number(), draws.between(range.low(), high(range, largest)));
      }
      if (!pool.holds(key(story, ranges, numbers))) {
        continue;
      }
      Optional<Chain> right = Chain.calculate(story.rightChain(), numbers, largest);
      Optional<Chain> habit = Chain.calculate(story.habitChain(), numbers, largest);
      if (right.isPresent() && habit.isPresent() && right.get().answer() != habit.get().answer()) {
        return new StoryProblem(story, numbers, right.get(), habit.get());
      }
    }
    throw new IllegalStateException(
        "no numbers for %s in %s after %d draws".formatted(story, pool, MOST_ATTEMPTS));
  }

  private static int high(Story.Range range, int largest) {
    return range.high() <= LARGEST_FACTOR
        ? range.high()
        : Math.max(range.low(), range.high() * largest / LARGEST_NUMBER);
  }

  /// Kind and numbers that decide the answer: problems that differ only in names, things, wording
  /// or distractors are one problem.
  String key() {
    return key(story, story.ranges(), numbers);
  }

  private static String key(Story story, List<Story.Range> ranges, Numbers numbers) {
    return ranges.stream()
        .filter(range -> range.number() != Story.DISTRACTOR)
        .map(range -> Integer.toString(numbers.get(range.number())))
        .collect(Collectors.joining("-", kind(story) + "-", ""));
  }

  private static String kind(Story story) {
    return story.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// The question's text; in some a sentence with a number that does not matter follows the first.
  String writeQuestion(Cast cast, Draws draws) {
    boolean hasDistractor =
        story.ranges().stream().anyMatch(range -> range.number() == Story.DISTRACTOR);
    if (hasDistractor || !draws.happens(DISTRACTOR_SHARE)) {
      return cast.write(story.question(), numbers, draws);
    }
    Numbers withDistractor = new Numbers(numbers);
    int irrelevant = draws.between(2, LARGEST_DISTRACTOR);
    while (numbers.contain(irrelevant)) {
      irrelevant = draws.between(2, LARGEST_DISTRACTOR);
    }
    withDistractor.set(Story.DISTRACTOR, irrelevant);
    int afterFirst = story.question().indexOf('.') + 1;
    String template =
        new StringBuilder(story.question()).insert(afterFirst, draws.oneOf(DISTRACTORS)).toString();
    return cast.write(template, withDistractor, draws);
  }

  /// The problem as text, with a gold chain in the style of the corpus.
  WordProblem written(Draws draws) {
    Cast cast = Cast.draw(draws);
    return new WordProblem(
        key(),
        kind(story),
        writeQuestion(cast, draws),
        cast.write(right.template(), right.numbers(), draws),
        Integer.toString(right.answer()));
  }
}
