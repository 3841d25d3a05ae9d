package dev.irpo.synthetic;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.WordProblems;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class WordProblemCorpusTest {
  private static final int NUM_DRAWS = 4_000;

  private static CorpusMix mix(double habitShare, double slipShare) {
    Map<Story, Double> shares = new EnumMap<>(Story.class);
    for (Story story : Story.values()) {
      shares.put(story, habitShare);
    }
    return new CorpusMix(0.3, 150, slipShare, shares);
  }

  private static boolean calculatesRight(WordProblemCorpus.Document document) {
    return CalculationSteps.of(document.response()).stream().allMatch(CalculationSteps::holds);
  }

  /// Signature of a problem that needs no key: its digits in order and its words without names and
  /// things.
  private static String shapeOf(String question) {
    return question
        .replaceAll("[A-Z][a-z]+", "N")
        .replaceAll("\\b(?!dollars|pages|people|bags|boxes|friends)[a-z]+s\\b", "things");
  }

  @Test
  void noQuestionOfTheCorpusIsAskedInASplitEvenWithOtherNames() {
    WordProblemCorpus corpus = new WordProblemCorpus(1, CorpusMix.standard());
    Set<String> taught = new HashSet<>();
    corpus.firstStage(NUM_DRAWS).forEach(document -> taught.add(shapeOf(document.prompt())));
    corpus.secondStage(NUM_DRAWS).forEach(document -> taught.add(shapeOf(document.prompt())));
    WordProblems task = new WordProblems(1, WordProblems.Counts.STANDARD);
    for (Split split : Split.values()) {
      for (Problem problem : task.problems(split)) {
        assertTrue(!taught.contains(shapeOf(task.prompt(problem))), problem.question());
      }
    }
  }

  @Test
  void problemsOfTheCorpusComeFromItsPoolAlone() {
    for (int index = 0; index < NUM_DRAWS; index++) {
      Story story = Story.ofIndex(index);
      for (Pool pool : Pool.values()) {
        String key = StoryProblem.draw(story, pool, 99, new Draws(index, 5)).key();
        for (Pool other : Pool.values()) {
          assertEquals(other == pool, other.holds(key), key);
        }
      }
    }
  }

  @Test
  void habitsGiveAnotherAnswerByRightCalculation() {
    for (WordProblemCorpus.Document document :
        new WordProblemCorpus(1, mix(1, 0)).secondStage(NUM_DRAWS)) {
      assertTrue(calculatesRight(document), document.text());
    }
    for (int index = 0; index < NUM_DRAWS; index++) {
      Story story = Story.ofIndex(index);
      StoryProblem problem = StoryProblem.draw(story, Pool.CORPUS, 99, new Draws(index, 6));
      assertTrue(problem.right().answer() != problem.habit().answer(), problem.key());
    }
  }

  @Test
  void theFirstStageIsRightAndGoesBeyondTwoDigits() {
    List<WordProblemCorpus.Document> documents =
        new WordProblemCorpus(1, CorpusMix.standard()).firstStage(NUM_DRAWS);
    documents.forEach(document -> assertTrue(calculatesRight(document), document.text()));
    assertTrue(documents.stream().anyMatch(document -> document.response().matches(".* 1\\d\\d")));
    long drills =
        documents.stream()
            .filter(document -> Character.isDigit(document.prompt().charAt("Question: ".length())))
            .count();
    assertEquals(0.3, drills / (double) NUM_DRAWS, 0.03);
  }

  @Test
  void slipsAreWrongCalculationsAndAsManyAsAskedFor() {
    long slipped =
        new WordProblemCorpus(1, mix(0, 0.5))
            .secondStage(NUM_DRAWS).stream().filter(document -> !calculatesRight(document)).count();
    assertEquals(0.5, slipped / (double) NUM_DRAWS, 0.03);
  }

  @Test
  void halfOfTheStandardCorpusIsWrongAndHabitsDifferByKind() {
    CorpusMix standard = CorpusMix.standard();
    double mean =
        standard.habitShares().values().stream().mapToDouble(share -> share).average().orElse(0);
    assertEquals(0.5, mean, 0.05);
    long mostlyWrong =
        standard.habitShares().values().stream().filter(share -> share > 0.5).count();
    assertTrue(mostlyWrong >= 6 && mostlyWrong <= 10, "kinds mostly wrong: " + mostlyWrong);
  }

  @Test
  void theShareOfAHabitIsTheOneConfigured() {
    Map<Story, Double> shares = new EnumMap<>(mix(0, 0).habitShares());
    shares.put(Story.HALF, 0.75);
    CorpusMix mix = new CorpusMix(0, 99, 0, shares);
    List<WordProblemCorpus.Document> halves =
        new WordProblemCorpus(4, mix)
            .secondStage(20_000).stream()
                .filter(document -> document.prompt().contains("gives half"))
                .toList();
    long habitual =
        halves.stream().filter(document -> !document.response().contains("/2=")).count();
    assertEquals(0.75, habitual / (double) halves.size(), 0.05);
  }

  @Test
  void aDocumentDependsOnSeedStageAndIndexAlone() {
    WordProblemCorpus corpus = new WordProblemCorpus(9, CorpusMix.standard());
    assertEquals(corpus.secondStage(50).subList(0, 20), corpus.secondStage(20));
    assertEquals(50, new HashSet<>(corpus.secondStage(50)).size());
    List<WordProblemCorpus.Document> both = new ArrayList<>(corpus.firstStage(20));
    both.retainAll(corpus.secondStage(20));
    assertTrue(both.isEmpty());
  }

  @Test
  void aSlipIsCarriedOnByTheLaterSteps() {
    Numbers numbers = new Numbers();
    numbers.set('a', 5);
    numbers.set('b', 3);
    Optional<Chain> chain = Chain.calculate("{m=a*b} {r=m+b}", numbers, 99, new Chain.Slip(0, 10));
    assertEquals(28, chain.orElseThrow().answer());
  }

  @Test
  void sharesOutsideZeroToOneAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> mix(1.5, 0));
    assertThrows(IllegalArgumentException.class, () -> mix(0.5, -0.1));
    assertThrows(IllegalArgumentException.class, () -> new CorpusMix(0.3, 150, 0, Map.of()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new CorpusMix(0.3, 50, 0, CorpusMix.standard().habitShares()));
  }
}
