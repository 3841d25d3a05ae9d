package dev.irpo.reward;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What version 1 of each grader counts as right and as wrong; old runs keep it.
final class GraderCasesTest {
  private static final List<String> OPTIONS = List.of("ice", "Water vapor", "salt water", "ice.");
  private static final String NUMBER =
      """
      right | -5               | -5
      right | \u22125          | -5
      wrong | -5               | 5
      right | +5               | 5
      right | -$5              | -5
      right | 14,916           | 14916
      right | 1,234,567.50     | 1234567.5
      wrong | 14,91            | 1491
      right | $18              | 18
      right | 18%              | 18
      right | 18 apples a day  | 18
      right | 18.              | 18
      right | 18.00            | 18
      right | 1/2              | 0.5
      right | **18**           | 18
      right | **18 apples**    | 18
      right | __18__           | 18
      wrong | x_18             | 18
      wrong | 1_8              | 18
      right | 18 square feet   | 18
      wrong | 10-12            | 10
      wrong | 5:30 pm          | 530
      wrong | twelve           | 12
      wrong | 5:30             | 5
      wrong | 3 or 4           | 3
      wrong | 3, 4             | 4
      wrong | 1 1/2            | 1.5
      wrong | 1/3              | 0.333
      """;
  private static final String MATH =
      """
      right | \\frac12                         | \\frac{1}{2}
      right | \\tfrac{1}{2}                    | \\frac{1}{2}
      right | \\dfrac1{2}                      | \\frac{1}{2}
      right | 1/2                             | \\frac{1}{2}
      right | \\frac{2}{4}                     | \\frac{1}{2}
      right | 0.5                             | \\frac{1}{2}
      right | .5                              | 0.5
      right | -.5                             | -\\frac12
      right | \\frac{-1}{2}                    | -\\frac{1}{2}
      right | 1\\frac{4}{5}                    | \\frac{9}{5}
      wrong | \\frac{1}{3}                     | 0.333
      wrong | \\frac{1}{2}                     | \\frac{2}{1}
      wrong | \\frac{1}{0}                     | 1
      right | 14{,}916                        | 14916
      right | 14,916                          | 14916
      right | 14,\\!916                        | 14916
      right | 007                             | 7
      right | 3.0                             | 3
      right | \\sqrt3                          | \\sqrt{3}
      right | 2 \\sqrt 3                       | 2\\sqrt{3}
      wrong | \\sqrt{3}                        | 3
      wrong | \\sqrt{9}                        | 3
      right | \\sqrt3/2                        | \\frac{\\sqrt{3}}{2}
      right | -\\frac{\\sqrt3}{2}               | \\frac{-\\sqrt{3}}{2}
      right | \\frac\\pi2                       | \\frac{\\pi}{2}
      right | \\pi/2                           | \\frac{\\pi}{2}
      right | x^2+1                           | x^{2}+1
      wrong | x^{21}                          | x^21
      wrong | 1+x                             | x+1
      right | \\left(1,2\\right)                | (1, 2)
      right | 5\\text{ inches}                 | 5
      right | 5 \\text{ cm}^2                  | 5
      right | 5\\mbox{ cm}                     | 5
      right | \\text{Evelyn}                   | Evelyn
      wrong | \\text{even}                     | \\text{odd}
      wrong | 1 \\text{ or } 2                 | 1
      right | 90^\\circ                        | 90
      right | 90^{\\circ}                      | 90
      right | 90°                             | 90
      right | \\$5                             | 5
      right | 50\\%                            | 50
      wrong | 50\\%                            | 0.5
      right | x=5                             | 5
      right | k = \\frac{1}{2}                 | \\frac12
      wrong | f(x)=5                          | 5
      wrong | x=5                             | 6
      right | $5$.                            | 5
      right | **5**                           | 5
      right | \\(5\\)                           | 5
      right | \\boxed{5}                       | 5
      right | (1,\\frac{2}{4})                 | (1,0.5)
      wrong | (1,2)                           | (2,1)
      wrong | (1,2)                           | (1,2,3)
      wrong | (1,234)                         | 1234
      right | \\{1,2\\}                         | \\{2,1\\}
      right | \\left\\{\\frac12, 3\\right\\}       | \\{3,0.5\\}
      wrong | \\{1,2\\}                         | \\{1,3\\}
      wrong | \\{1,2\\}                         | (1,2)
      right | 1,-2                            | -2, 1
      right | (1,2),(3,4)                     | (3,4),(1,2)
      wrong | (2,1),(3,4)                     | (3,4),(1,2)
      right | [0, \\frac12)                    | [0,0.5)
      wrong | [0,1)                           | (0,1)
      wrong | [0,1)                           | [0,1]
      right | (-\\infty,1]\\cup[2,\\infty)       | [2,\\infty)\\cup(-\\infty, 1]
      wrong | (-\\infty,1]\\cup[2,\\infty)       | (-\\infty,1)\\cup[2,\\infty)
      right | \\begin{pmatrix}1\\\\2\\end{pmatrix} | \\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}
      wrong | \\begin{pmatrix}1\\\\2\\end{pmatrix} | \\begin{pmatrix}12\\end{pmatrix}
      wrong | \\pi r                           | \\pir
      wrong | \\frac{1}{2                      | \\frac{1}{2}
      """;
  private static final String LETTER =
      """
      right | C                | C
      right | c                | C
      right | (C)              | C
      right | C.               | C
      right | C)               | C
      right | **(C)**          | C
      right | (c) salt water   | C
      right | C. salt water    | C
      right | C: salt water    | C
      right | salt water       | C
      right | Salt  Water.     | C
      right | water vapor      | B
      wrong | ice              | A
      wrong | (B)              | C
      wrong | water            | C
      wrong | (E)              | A
      wrong | C or D           | C
      wrong | (C) or (D)       | C
      wrong | (C), (D)         | C
      wrong | C. D.            | C
      wrong | 3                | C
      wrong | A salt           | A
      """;

  record Case(Grader grader, boolean right, String answer, String gold) {}

  static Stream<Case> cases() {
    return Stream.of(
            table(new NumberGrader(GraderVersion.V1), NUMBER),
            table(new MathGrader(GraderVersion.V1), MATH),
            table(new LetterGrader(GraderVersion.V1), LETTER))
        .flatMap(cases -> cases);
  }

  private static Stream<Case> table(Grader grader, String rows) {
    return rows.lines()
        .map(row -> row.split(" \\| "))
        .map(cells ->
            new Case(grader, cells[0].equals("right"), cells[1].strip(), cells[2].strip()));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theAnswerIsGradedAsTheTableSays(Case row) {
    Grade grade =
        row.grader().grade("So. Final answer: " + row.answer(), new Gold("", row.gold(), OPTIONS));
    assertEquals(row.right(), grade.correct(), grade.why());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void everyGoldAnswerIsEqualToItself(Case row) {
    Gold gold = new Gold("", row.gold(), OPTIONS);
    assertEquals(true, row.grader().grade("Final answer: " + row.gold(), gold).correct());
  }

  private static void taken(TakenText.Place place, String text, String response) {
    assertEquals(
        new TakenText(text, place), new MathGrader(GraderVersion.V1).grade(response, "1").taken());
  }

  @Test
  void anAnswerIsTakenAfterTheLastFinalAnswerElseFromTheLastBalancedBox() {
    taken(TakenText.Place.FINAL_ANSWER, "2", "Final answer: 1\nFinal answer: 2");
    taken(
        TakenText.Place.FINAL_ANSWER, "1", "\\boxed{3} Final answer: 1\nQuestion: Final answer: 2");
    taken(TakenText.Place.FINAL_ANSWER, "1", "Final answer:\n\\[\n1\n\\]");
    taken(TakenText.Place.BOXED, "\\frac{1}{2}", "\\boxed{3} so \\boxed{\\frac{1}{2}}.");
    taken(TakenText.Place.BOXED, "3", "\\boxed{3} so \\boxed{4");
    taken(TakenText.Place.BOXED, "3", "\\boxed{3}\nQuestion: \\boxed{4}");
    taken(TakenText.Place.BOXED, "\\{1,2\\}", "\\fbox{\\{1,2\\}}");
    taken(TakenText.Place.NONE, "", "it is 4");
  }

  @Test
  void onlyMathReadsBoxes() {
    for (GraderVersion version : GraderVersion.values()) {
      assertEquals(false, new NumberGrader(version).grade("\\boxed{4}", "4").correct());
      assertEquals(true, new MathGrader(version).grade("\\boxed{4}", "4").correct());
    }
  }

  @Test
  void theGradeSaysWhy() {
    Grader grader = new NumberGrader(GraderVersion.V1);
    assertEquals("3 is the gold answer", grader.grade("Final answer: 3", "3").why());
    assertEquals("3 is not the gold answer 4", grader.grade("Final answer: 3", "4").why());
    assertEquals("the response gives no answer", grader.grade("3", "4").why());
    assertEquals(
        "the text after the last 'Final answer:' is not one number",
        grader.grade("Final answer: 5:30", "5").why());
  }

  @Test
  void lettersCountAloneWhereOptionsAreNotKnown() {
    for (GraderVersion version : GraderVersion.values()) {
      Grader grader = new LetterGrader(version);
      assertEquals(true, grader.grade("Final answer: (e) x", "E").correct());
      assertEquals(false, grader.grade("Final answer: F", "E").correct());
    }
  }
}
