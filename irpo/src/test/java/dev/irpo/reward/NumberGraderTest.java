package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// The rules of `number-v1`, which old runs keep.
final class NumberGraderTest {
  private final Grader grader = new NumberGrader(GraderVersion.V1);

  private Grade grade(String response, String answer) {
    return grader.grade(response, answer);
  }

  @Test
  void formsOfOneNumberAreOneAnswer() {
    for (String form :
        List.of(
            "1000",
            "1,000",
            "1000.0",
            "$1000",
            "$1,000.00",
            "1,000.",
            "+1000",
            "**1000**",
            "`1000`",
            "1000 apples",
            "1,000 dollars per day.",
            "= 1000",
            "1000%",
            "$1000$",
            "Tom has 1000 apples.",
            "2000/2",
            "10000 / 10")) {
      Grade grade = grade("So it is. Final answer: " + form, "1000");
      assertTrue(grade.correct(), form);
      assertEquals(Optional.of("1000"), grade.extracted(), form);
    }
  }

  @Test
  void goldAnswersMayBeWrittenInEitherForm() {
    assertTrue(grade("Final answer: 1000", "1,000").correct());
    assertTrue(grade("Final answer: 0.5", "1/2").correct());
    assertTrue(grade("Final answer: 2/6", "1/3").correct());
    assertTrue(grade("Final answer: .5", "0.50").correct());
  }

  @Test
  void signsCount() {
    for (String form : List.of("-5", "$-5", "-$5", "\u22125", "- 5", "it is -5 degrees")) {
      assertTrue(grade("Final answer: " + form, "-5").correct(), form);
      assertEquals(false, grade("Final answer: " + form, "5").correct(), form);
    }
  }

  @Test
  void whatIsNotOneNumberIsNoAnswer() {
    for (String form :
        List.of(
            "twelve",
            "5:30",
            "3 or 4",
            "3, 4",
            "12,34",
            "1,0000",
            "1e3",
            "x2",
            "2^3",
            "20+4=24",
            "10-12",
            "3.5.2",
            "1/0",
            "1/2/3",
            "",
            "...",
            "1 1/2",
            "9".repeat(300))) {
      Grade grade = grade("Final answer: " + form, "24");
      assertEquals(Optional.empty(), grade.extracted(), form);
      assertEquals(false, grade.correct(), form);
    }
  }

  @Test
  void theLastFinalAnswerBeforeAnInventedQuestionCounts() {
    assertTrue(grade("Final answer: 3\nNo. Final answer: 4", "4").correct());
    assertTrue(grade(" 2+2=4. Final answer: 4\n\nQuestion: 3+3?\nFinal answer: 6", "4").correct());
    assertTrue(grade("**Final Answer:** 4\nI hope that 1 helps.", "4").correct());
    assertTrue(grade("Final answer:\n4", "4").correct());
    assertEquals(Optional.empty(), grade("The answer is 4", "4").extracted());
  }

  @Test
  void theAnswersTextIsKeptAsItStands() {
    assertEquals("$1,000 or so", grade("Final answer: $1,000 or so \nBye", "1").answerText());
  }

  @Test
  void thirdsAreNotRounded() {
    Grade grade = grade("Final answer: 1/3", "0.333");
    assertEquals(false, grade.correct());
    assertEquals(Optional.of("1/3"), grade.extracted());
  }

  @Test
  void aGoldAnswerThatIsNoNumberIsRefused() {
    var refused =
        assertThrows(IllegalArgumentException.class, () -> grade("Final answer: 1", "twelve"));
    assertEquals(
        "the gold answer 'twelve' is not one number; number-v1 compares nothing else",
        refused.getMessage());
  }
}
