package dev.irpo.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.distributed.InProcess;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EvaluatorTest {
  private static Optional<String> winner(Object... answersAndVotes) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    for (int i = 0; i < answersAndVotes.length; i += 2) {
      counts.put((String) answersAndVotes[i], (Integer) answersAndVotes[i + 1]);
    }
    return Evaluator.winner(counts);
  }

  @Test
  void theAnswerWithMostVotesWins() {
    assertEquals(Optional.of("8"), winner("7", 2, "8", 3, "9", 1));
    assertEquals(Optional.of("7"), winner("7", 4, "8", 3));
  }

  @Test
  void ofEquallyFrequentAnswersTheFirstSampledWins() {
    assertEquals(Optional.of("9"), winner("9", 2, "3", 2, "5", 1));
  }

  @Test
  void withoutAnyAnswerNobodyWins() {
    assertEquals(Optional.empty(), winner());
  }

  @Test
  void processesKnowWhatAllHaveAnswered() {
    List<SoFar> last =
        InProcess.run(
            3,
            group -> {
              Tally tally = new Tally(group, 4);
              for (int i = 0; i < 5; i++) {
                tally.add(i < group.rank());
              }
              group.barrier();
              tally.add(true);
              return tally.soFar(5 * 4 + 4 + 1);
            });
    int answered = last.stream().mapToInt(soFar -> soFar.accuracy().total()).max().orElseThrow();
    assertEquals(3 * 6, answered, "the last one to answer knows of all");
    for (SoFar soFar : last) {
      int others = soFar.accuracy().total() - 6;
      assertEquals(others * 4 + 25, soFar.responses());
      int right = soFar.accuracy().correct();
      assertEquals(soFar.accuracy().total() - 15 + 1 + 2, right, "1 and 2 before the barrier");
    }
  }

  @Test
  void anAccuracyReadsAsPercentOfSoMany() {
    assertEquals("", new SoFar(3, new Accuracy(0, 0)).text());
    assertEquals("25.0 ± 21.7 % of 4", new SoFar(9, new Accuracy(1, 4)).text());
  }

  @Test
  void theStandardErrorIsThatOfAShare() {
    Accuracy half = new Accuracy(50, 100);
    assertEquals(0.5, half.share());
    assertEquals(0.05, half.standardError(), 1e-15);
    assertEquals(Math.sqrt(0.2 * 0.8 / 500), new Accuracy(100, 500).standardError(), 1e-15);
    assertEquals(0, new Accuracy(10, 10).standardError());
  }
}
