package dev.irpo.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.synthetic.CalculationSteps;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class WordProblemsTest {
  private static final Pattern NUMBER = Pattern.compile("\\d+");
  private static final int NUM_SEEDS = 3;

  private static WordProblems standard(long seed) {
    return new WordProblems(seed, WordProblems.Counts.STANDARD);
  }

  private static List<Problem> everyProblem() {
    List<Problem> all = new ArrayList<>();
    for (Split split : Split.values()) {
      all.addAll(standard(1).problems(split));
    }
    return all;
  }

  private static long numbersInText(String id) {
    // Beyond its kind, a key is its numbers: the words of kinds have no digits.
    return NUMBER.matcher(id).results().count();
  }

  @Test
  void noProblemIsInTwoSplitsWhateverTheSeeds() {
    Map<String, Split> splitOf = new HashMap<>();
    for (long seed = 0; seed < NUM_SEEDS; seed++) {
      for (Split split : Split.values()) {
        for (Problem problem : standard(seed).problems(split)) {
          Split known = splitOf.putIfAbsent(problem.id(), split);
          assertTrue(known == null || known == split, problem.id());
        }
      }
    }
  }

  @Test
  void noProblemIsTwiceInASplit() {
    for (Split split : Split.values()) {
      List<Problem> problems = standard(1).problems(split);
      assertEquals(WordProblems.Counts.STANDARD.of(split), problems.size());
      assertEquals(problems.size(), problems.stream().map(Problem::id).distinct().count());
    }
  }

  @Test
  void anIdIsKindAndNumbersOfTheQuestionItself() {
    for (Problem problem : everyProblem()) {
      String kind = problem.kind().orElseThrow();
      assertTrue(problem.id().startsWith(kind + "-"), problem.id());
      List<String> asked =
          NUMBER.matcher(problem.question()).results().map(MatchResult::group).toList();
      NUMBER
          .matcher(problem.id())
          .results()
          .forEach(number -> assertTrue(asked.contains(number.group()), problem.id()));
      assertTrue(asked.size() - numbersInText(problem.id()) <= 1, problem.question());
    }
  }

  @Test
  void goldResponsesCalculateRightAndAreGradedCorrect() {
    WordProblems task = standard(1);
    for (Problem problem : everyProblem()) {
      String gold = task.goldResponse(problem).orElseThrow();
      assertTrue(task.grader().grade(gold, problem.answer()).correct(), gold);
      List<MatchResult> steps = CalculationSteps.of(gold);
      assertTrue(steps.size() >= 2 && steps.size() <= 4, gold);
      steps.forEach(step -> assertTrue(CalculationSteps.holds(step), gold));
      assertEquals(problem.answer(), steps.getLast().group(4), gold);
    }
  }

  @Test
  void numbersHaveAtMostTwoDigitsAndPluralsHold() {
    for (Problem problem : everyProblem()) {
      String text = problem.question() + problem.goldSolution().orElseThrow();
      NUMBER
          .matcher(text)
          .results()
          .forEach(number -> {
            int value = Integer.parseInt(number.group());
            assertTrue(value >= 2 && value <= 99, text);
          });
      assertFalse(text.matches("(?s).*[\\[\\]{}|].*"), text);
    }
  }

  @Test
  void everySplitHasAtLeastTwelveKindsInEqualParts() {
    for (Split split : Split.values()) {
      Map<String, Integer> byKind = new HashMap<>();
      List<Problem> problems = standard(2).problems(split);
      problems.forEach(problem -> byKind.merge(problem.kind().orElseThrow(), 1, Integer::sum));
      assertTrue(byKind.size() >= 12, byKind.toString());
      int equalPart = problems.size() / byKind.size();
      byKind.forEach((kind, count) -> assertTrue(Math.abs(count - equalPart) <= 1, kind));
    }
  }

  @Test
  void someQuestionsHaveANumberThatDoesNotMatter() {
    List<Problem> problems = standard(1).problems(Split.TRAIN);
    long withDistractor =
        problems.stream()
            .filter(problem ->
                NUMBER.matcher(problem.question()).results().count() > numbersInText(problem.id()))
            .count();
    assertTrue(
        withDistractor > problems.size() / 5 && withDistractor < problems.size() / 2,
        "with a distractor: " + withDistractor);
  }

  @Test
  void aProblemDependsOnSeedSplitAndIndexAlone() {
    List<Problem> many = standard(7).problems(Split.TRAIN);
    List<Problem> few =
        new WordProblems(7, new WordProblems.Counts(40, 0, 0)).problems(Split.TRAIN);
    assertEquals(many.subList(0, 40), few);
    assertNotEquals(standard(8).problems(Split.TRAIN).subList(0, 40), few);
  }

  @Test
  void promptAndResponseMeetBetweenWords() {
    WordProblems task = standard(1);
    Problem problem = task.problems(Split.TEST).getFirst();
    assertTrue(task.prompt(problem).startsWith("Question: "));
    assertTrue(task.prompt(problem).endsWith("?\nSolution:"));
    assertTrue(task.goldResponse(problem).orElseThrow().matches(" [A-Z0-9].* Final answer: \\d+"));
  }

  @Test
  void moreProblemsThanThereAreAreRefused() {
    WordProblems greedy = new WordProblems(1, new WordProblems.Counts(0, 0, 1_000_000));
    String message =
        assertThrows(IllegalArgumentException.class, () -> greedy.problems(Split.TEST))
            .getMessage();
    assertTrue(message.startsWith("word-problems: 1000000 problems asked for"), message);
  }

  @Test
  void everyPoolOfEveryKindHasRoomForTwiceTheStandardProblems() {
    WordProblems.Counts twice = new WordProblems.Counts(1200, 500, 1000);
    Set<String> ids = new HashSet<>();
    for (Split split : Split.values()) {
      new WordProblems(3, twice).problems(split).forEach(problem -> ids.add(problem.id()));
    }
    assertEquals(1200 + 500 + 1000, ids.size());
  }
}
