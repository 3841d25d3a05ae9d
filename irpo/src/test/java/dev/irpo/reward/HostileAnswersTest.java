package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Answers that would keep a careless grader busy for ever or end it.
final class HostileAnswersTest {
  /// Characters of an answer that a model may write in a response of 1,024 tokens.
  private static final int LONGEST_LINE = 4_000;

  private static final long LONGEST_MILLIS = 2;

  static Stream<String> answers() {
    Stream.Builder<String> all = Stream.builder();
    for (int copies : List.of(150, 480, 100_000)) {
      for (String part :
          List.of(
              "9",
              "9,",
              ",",
              "{",
              "}",
              "{}",
              "(",
              "(1,",
              "[",
              "\\{",
              "\\frac",
              "\\frac{",
              "\\sqrt",
              "\\boxed5 ",
              "\\\\",
              "\u00BD",
              "\u00B2",
              "\u221A(",
              "1 2/3 ",
              "1 000",
              "-$",
              "**",
              "and ",
              "\\text{and}",
              "option ",
              "the answer is ",
              "Final answer: ",
              "\\boxed{",
              "\\boxed ",
              "^",
              "_{",
              "\\",
              "\\\\",
              "\\text{",
              "$",
              " ",
              "-",
              "/",
              "1/",
              "=",
              "\\cup",
              ".",
              "(C)",
              "A. ",
              "\u0660",
              "x=")) {
        all.add(part.repeat(copies));
        all.add("1" + part.repeat(copies) + "}".repeat(copies));
      }
      all.add("(".repeat(copies) + "1" + ")".repeat(copies));
      all.add("\\frac{" + "7".repeat(copies) + "}{" + "3".repeat(copies) + "}");
      all.add("1" + "0".repeat(copies) + "/3");
      all.add("1e" + "9".repeat(copies));
    }
    return all.build();
  }

  @ParameterizedTest
  @MethodSource("answers")
  void everyAnswerIsGraded(String answer) {
    assertTimeoutPreemptively(
        Duration.ofSeconds(10),
        () -> {
          for (GraderVersion version : GraderVersion.values()) {
            new NumberGrader(version).grade("Final answer: " + answer, "4");
            new LetterGrader(version).grade("Final answer: " + answer, "D");
            MathGrader math = new MathGrader(version);
            assertFalse(math.grade("Final answer: " + answer, "4").correct());
            assertFalse(math.grade(answer, "4").correct());
            assertFalse(math.grade(answer + "\nFinal answer: see above", "4").correct());
          }
        });
  }

  private static List<Grader> graders() {
    return Graders.names().stream().map(name -> Graders.of("test", name)).toList();
  }

  /// The best of many runs, so that neither the compiler nor another process is measured.
  private static double bestMillis(Runnable comparison) {
    long best = Long.MAX_VALUE;
    for (int run = 0; run < 2_000 && best > LONGEST_MILLIS * 1_000_000; run++) {
      long start = System.nanoTime();
      comparison.run();
      best = Math.min(best, System.nanoTime() - start);
    }
    return best / 1e6;
  }

  @Test
  void everyComparisonEndsInMilliseconds() {
    for (String answer : answers().filter(text -> text.length() <= LONGEST_LINE).toList()) {
      for (Grader grader : graders()) {
        String gold = grader instanceof LetterGrader ? "D" : "4";
        double millis = bestMillis(() -> grader.grade("Final answer: " + answer, gold));
        String start = answer.substring(0, Math.min(20, answer.length()));
        assertTrue(
            millis <= LONGEST_MILLIS, () -> grader.name() + " " + start + "…: " + millis + " ms");
      }
    }
  }
}
