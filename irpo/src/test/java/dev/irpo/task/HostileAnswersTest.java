package dev.irpo.task;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Answers that would keep a careless grader busy for ever or end it.
final class HostileAnswersTest {
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
          for (Grader grader : List.of(new NumberGrader(), new LetterGrader())) {
            grader.grade("Final answer: " + answer, grader instanceof NumberGrader ? "4" : "D");
          }
          MathGrader math = new MathGrader();
          assertFalse(math.grade("Final answer: " + answer, "4").correct());
          assertFalse(math.grade(answer, "4").correct());
        });
  }
}
