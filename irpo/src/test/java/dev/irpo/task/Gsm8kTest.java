package dev.irpo.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.table.TableSchema;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class Gsm8kTest {
  private static final String EGGS =
      "{\"question\": \"How many eggs?\", \"answer\": \"3 times 4 is <<3*4=12>>12.\\n"
          + "12+960=<<12+960=972>>972\\n"
          + "#### 1,972\"}";

  @TempDir Path folder;

  private Path file(String... lines) throws IOException {
    return Files.write(folder.resolve("some.jsonl"), List.of(lines));
  }

  private static Gsm8k task(Path file, int train, int heldOut, int test) {
    return new Gsm8k(ProblemFiles.of(file, file, new ProblemFiles.Counts(train, heldOut, test)));
  }

  private static String refusal(Gsm8k task, Split split) {
    return assertThrows(IllegalArgumentException.class, () -> task.problems(split)).getMessage();
  }

  @Test
  void goldSolutionsLoseCalculatorMarksAndEndLikeTheModels() throws IOException {
    Gsm8k task = task(file(EGGS), 0, 0, 0);
    Problem problem = task.problems(Split.TEST).getFirst();
    assertEquals("1,972", problem.answer());
    assertEquals(
        Optional.of(" 3 times 4 is 12.\n12+960=972\nFinal answer: 1,972"),
        task.goldResponse(problem));
    assertTrue(
        task.grader().grade(task.goldResponse(problem).orElseThrow(), problem.answer()).correct());
  }

  @Test
  void aFileMayBeginWithAByteOrderMark() throws IOException {
    Task task = task(file("\uFEFF" + EGGS), 0, 0, 0);
    assertEquals("1,972", task.problems(Split.TEST).getFirst().answer());
  }

  @Test
  void thePromptIsThePapers() throws IOException {
    Gsm8k task = task(file(EGGS), 0, 0, 0);
    assertEquals(
        """
        Your task is to answer the question below. Give step by step reasoning before you answer, \
        and when you're ready to answer, please use the format "Final answer: ..."
        Question: How many eggs?
        Solution:\
        """,
        task.prompt(task.problems(Split.TEST).getFirst()));
  }

  private record Row(String question, String answer) {}

  @Test
  void aTableHasAProblemInEachRow() throws IOException {
    TableSchema<Row> schema =
        new TableSchema<Row>().utf8("question", Row::question).utf8("answer", Row::answer);
    Path table = folder.resolve("some.arrow");
    TableWriter.writeAll(table, schema, List.of(new Row("1?", "#### 1"), new Row("2?", "#### 2")));
    List<Problem> problems = task(table, 0, 0, 0).problems(Split.TEST);
    assertEquals(List.of("test-1", "test-2"), problems.stream().map(Problem::id).toList());
    assertEquals("2", problems.getLast().answer());
    TableWriter.writeAll(table, schema, List.of(new Row("1?", "#### 1"), new Row("2?", "two")));
    String noAnswer = refusal(task(table, 0, 0, 0), Split.TEST);
    assertTrue(noAnswer.startsWith(table + " row 2: "), noAnswer);
    TableWriter.writeAll(table, schema, List.of());
    String noRow = refusal(task(table, 0, 0, 0), Split.TEST);
    assertTrue(noRow.startsWith(table + ": no problem in it"), noRow);
  }

  @Test
  void heldOutProblemsAreTheEndOfTheTrainFile() throws IOException {
    Path file = file(EGGS, EGGS, "", EGGS, EGGS);
    assertEquals(List.of("train-1", "train-2", "train-4"), ids(task(file, 0, 1, 0), Split.TRAIN));
    assertEquals(List.of("train-5"), ids(task(file, 0, 1, 0), Split.HELD_OUT));
    assertEquals(List.of("train-1"), ids(task(file, 1, 1, 0), Split.TRAIN));
    assertEquals(List.of("test-1", "test-2"), ids(task(file, 0, 1, 2), Split.TEST));
  }

  private static List<String> ids(Gsm8k task, Split split) throws IOException {
    return task.problems(split).stream().map(Problem::id).toList();
  }

  @Test
  void countsBeyondTheFileAreRefusedByKey() throws IOException {
    Path file = file(EGGS, EGGS);
    assertTrue(
        refusal(task(file, 2, 1, 0), Split.TRAIN)
            .startsWith("task.trainProblems is 2, " + file + " has 1 problems"));
    assertTrue(refusal(task(file, 0, 2, 0), Split.TRAIN).startsWith("task.heldOutProblems is 2"));
    assertTrue(refusal(task(file, 0, 0, 3), Split.TEST).startsWith("task.testProblems is 3"));
  }

  @Test
  void aBadLineIsRefusedWithItsNumber() throws IOException {
    for (String bad :
        List.of(
            "{\"question\": \"cut of",
            EGGS + "{}",
            "[]",
            "{\"question\": \"no answer\"}",
            "{\"question\": \"no mark\", \"answer\": \"12\"}",
            "{\"question\": \"no number\", \"answer\": \"#### many\"}")) {
      Path file = file(EGGS, bad);
      String message = refusal(task(file, 0, 0, 0), Split.TEST);
      assertTrue(message.startsWith(file + ":2: "), message);
      assertEquals(1, message.lines().count(), message);
    }
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    assertTrue(refusal(task(file(), 0, 0, 0), Split.TEST).contains("no problem in it"));
    assertTrue(refusal(task(file("", " "), 0, 0, 0), Split.TEST).contains("no problem in it"));
  }

  @Test
  void aMissingFileIsNamed() {
    Path missing = folder.resolve("nowhere.jsonl");
    var refused =
        assertThrows(IOException.class, () -> task(missing, 0, 0, 0).problems(Split.TEST));
    assertTrue(refused.getMessage().startsWith(missing + ": no such file"));
  }

  @Test
  void all8792PublishedGoldSolutionsAreGradedCorrect() throws IOException {
    Path published = ForeignData.path("gsm8k");
    Gsm8k task =
        new Gsm8k(
            ProblemFiles.of(
                published.resolve("train.jsonl"),
                published.resolve("test.jsonl"),
                new ProblemFiles.Counts(0, 1000, 0)));
    int graded = 0;
    for (Split split : Split.values()) {
      List<Problem> problems = task.problems(split);
      graded += problems.size();
      for (Problem problem : problems) {
        String gold = task.goldResponse(problem).orElseThrow();
        assertTrue(task.grader().grade(gold, problem.answer()).correct(), problem.id());
        assertFalse(gold.contains("<<"), problem.id());
      }
    }
    assertEquals(8_792, graded);
  }
}
