package dev.irpo.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.testdata.ForeignData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// ARC, MATH and a user's own task: their files and their prompts.
final class PublishedTasksTest {
  private static final String ARC_INSTRUCTION =
      "Your task is to answer the question below. Give step by step reasoning before you answer,"
          + " and when you're ready to answer, conclude using the format"
          + " \"Final answer: (insert letter here)\"\n";

  @TempDir Path folder;

  private Path file(String name, String... lines) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, List.of(lines));
  }

  private static Task open(String name, Path train, Path test, String... more) {
    List<String> overrides = new ArrayList<>(List.of(more));
    overrides.add("task.name=" + name);
    overrides.add("task.trainFile=" + train);
    overrides.add("task.testFile=" + test);
    return Tasks.open(
        RunConfig.of(Preset.PAPER_V1).with(overrides.toArray(String[]::new)).task(), 1);
  }

  private static Problem only(Task task) throws IOException {
    List<Problem> problems = task.problems(Split.TEST);
    assertEquals(1, problems.size());
    return problems.getFirst();
  }

  private static String refusal(Task task) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> task.problems(Split.TEST)).getMessage();
    assertEquals(1, message.lines().count(), message);
    return message;
  }

  @Test
  void everyArcTestQuestionIsAskedByThePapersPrompt() throws IOException {
    Path published = ForeignData.path("arc-challenge/test.jsonl");
    Task task = open("arc-challenge", published, published);
    List<Problem> problems = task.problems(Split.TEST);
    assertEquals(1172, problems.size());
    for (Problem problem : problems) {
      StringBuilder expected = new StringBuilder(ARC_INSTRUCTION);
      expected.append("Question: ").append(problem.question()).append('\n');
      int count = problem.options().size();
      assertTrue(count >= 3 && count <= 5, problem.id());
      for (int i = 0; i < count; i++) {
        expected.append("(%s) %s\n".formatted("ABCDE".charAt(i), problem.options().get(i)));
      }
      assertEquals(expected + "Solution:", task.prompt(problem));
      assertEquals(Optional.empty(), task.goldResponse(problem));
      String said = "So. Final answer: (%s)".formatted(problem.answer());
      assertTrue(task.grader().grade(said, problem.gold()).correct(), problem.id());
    }
    assertEquals(
        ARC_INSTRUCTION
            + """
            Question: An astronomer observes that a planet rotates faster after a meteorite impact. \
            Which is the most likely effect of this increase in rotation?
            (A) Planetary density will decrease.
            (B) Planetary years will become longer.
            (C) Planetary days will become shorter.
            (D) Planetary gravity will become stronger.
            Solution:\
            """,
        task.prompt(problems.getFirst()));
  }

  @Test
  void bothPublishedFormsOfArcAreOneProblemAndNumbersBecomeLetters() throws IOException {
    Path huggingFace =
        file(
            "hf.jsonl",
            "{\"id\":\"q\",\"question\":\"Which?\",\"choices\":{\"text\":[\"a\",\"b\",\"c\"],"
                + "\"label\":[\"1\",\"2\",\"3\"]},\"answerKey\":\"2\"}");
    Path ai2 =
        file(
            "ai2.jsonl",
            "{\"id\":\"q\",\"question\":{\"stem\":\"Which?\",\"choices\":[{\"text\":\"a\","
                + "\"label\":\"A\"},{\"text\":\"b\",\"label\":\"B\"},{\"text\":\"c\","
                + "\"label\":\"C\"}]},\"answerKey\":\"B\"}");
    Problem problem = only(open("arc-challenge", huggingFace, huggingFace));
    assertEquals("B", problem.answer());
    assertEquals(problem, only(open("arc-challenge", ai2, ai2)));
  }

  @Test
  void keysOneToFourBecomeAToD() throws IOException {
    for (int key = 1; key <= 4; key++) {
      Path file =
          file(
              "key.jsonl",
              "{\"question\":{\"stem\":\"Which?\",\"choices\":[{\"text\":\"a\",\"label\":\"1\"},"
                  + "{\"text\":\"b\",\"label\":\"2\"},{\"text\":\"c\",\"label\":\"3\"},"
                  + "{\"text\":\"d\",\"label\":\"4\"}]},\"answerKey\":\"%d\"}".formatted(key));
      Task task = open("arc-challenge", file, file);
      Problem problem = only(task);
      assertEquals("ABCD".substring(key - 1, key), problem.answer());
      assertEquals("test-1", problem.id());
      assertTrue(task.prompt(problem).endsWith("\n(A) a\n(B) b\n(C) c\n(D) d\nSolution:"));
    }
  }

  @Test
  void anImpossibleArcQuestionIsRefusedInOneLine() throws IOException {
    for (String bad :
        List.of(
            "{\"question\":\"Which?\",\"choices\":{\"text\":[\"a\",\"b\"],\"label\":[\"A\",\"B\"]},"
                + "\"answerKey\":\"A\"}",
            "{\"question\":\"Which?\",\"choices\":{\"text\":[\"a\",\"b\",\"c\"],"
                + "\"label\":[\"A\",\"B\",\"C\"]},\"answerKey\":\"D\"}",
            "{\"question\":\"Which?\",\"choices\":{\"text\":[\"a\",\"b\",\"c\"],"
                + "\"label\":[\"C\",\"B\",\"A\"]},\"answerKey\":\"A\"}")) {
      Path file = file("bad.jsonl", bad);
      assertTrue(refusal(open("arc-challenge", file, file)).startsWith(file + ":1: "));
    }
  }

  @Test
  void checkpointsAreChosenOnAllOfADevFile() throws IOException {
    Path test = ForeignData.path("arc-challenge/test.jsonl");
    Path train = ForeignData.path("arc-challenge/train.jsonl");
    Task task = open("arc-challenge", train, test, "task.devFile=" + test);
    assertEquals(1172, task.problems(Split.HELD_OUT).size());
    assertEquals(1056, task.problems(Split.TRAIN).size());
    assertEquals(56, open("arc-challenge", train, test).problems(Split.TRAIN).size());
  }

  private static String math(String problem, String box) {
    return "{\"problem\":\"%s\",\"level\":\"Level 1\",\"type\":\"Algebra\",\"solution\":\"So $\\\\boxed{%s}$.\"}"
        .formatted(problem, box);
  }

  private Path mathFolder() throws IOException {
    for (int i = 1; i <= 20; i++) {
      file("math/train/algebra/" + i + ".json", math(i + "?", String.valueOf(i)));
    }
    return folder.resolve("math/train");
  }

  @Test
  void thePromptOfMathShowsTheNamedExamplesAndThenAsks() throws IOException {
    Path train = mathFolder();
    file("math/test/algebra/7.json", math("Half?", "\\\\frac12"));
    Task task =
        open(
            "math",
            train,
            folder.resolve("math/test"),
            "task.examples=train/algebra/2.json, train/algebra/1.json",
            "task.heldOutProblems=5");
    Problem problem = only(task);
    assertEquals("test/algebra/7.json", problem.id());
    assertEquals("\\frac12", problem.answer());
    assertEquals(Optional.of("Algebra"), problem.kind());
    assertEquals(
        """
        Your task is to answer the last question below. Give step by step reasoning before you \
        answer, and when you're ready to answer, please wrap your answer in \\boxed, and conclude \
        using the format "Final answer: ..."
        Question: 2?
        Solution: So $\\boxed{2}$.
        Final answer: 2
        Question: 1?
        Solution: So $\\boxed{1}$.
        Final answer: 1
        Question: Half?
        Solution:\
        """,
        task.prompt(problem));
    assertEquals(
        Optional.of(" So $\\boxed{\\frac12}$.\nFinal answer: \\frac12"),
        task.goldResponse(problem));
    List<Problem> trained = task.problems(Split.TRAIN);
    assertEquals(13, trained.size());
    assertEquals(5, task.problems(Split.HELD_OUT).size());
    assertFalse(trained.stream().anyMatch(p -> p.question().equals("1?")));
  }

  @Test
  void theLinesOfMathAreTheProblemsOfItsFolders() throws IOException {
    Path train = mathFolder();
    List<String> lines = new ArrayList<>();
    for (int i = 20; i >= 1; i--) {
      lines.add(
          math(i + "?", String.valueOf(i))
              .replace("}$.\"}", "}$.\",\"unique_id\":\"train/algebra/%d.json\"}".formatted(i)));
    }
    Path jsonl = file("math.jsonl", lines.toArray(String[]::new));
    String[] more = {"task.examples=train/algebra/3.json", "task.heldOutProblems=5"};
    for (Split split : List.of(Split.TRAIN, Split.HELD_OUT)) {
      assertEquals(
          open("math", train, train, more).problems(split),
          open("math", jsonl, jsonl, more).problems(split));
    }
  }

  @Test
  void aMissingExampleIsRefusedById() throws IOException {
    Path train = mathFolder();
    String message = refusal(open("math", train, train, "task.examples=train/algebra/99.json"));
    assertTrue(message.startsWith("task.examples: " + train), message);
    assertTrue(message.contains("'train/algebra/99.json'"), message);
  }

  @Test
  void aProblemOfMathWithoutAnAnswerIsRefused() throws IOException {
    Path file = file("bad.jsonl", "{\"problem\":\"?\",\"solution\":\"So.\"}");
    assertTrue(refusal(open("math", file, file, "task.examples=")).startsWith(file + ":1: "));
  }

  @Test
  void aUsersTaskHasHisTemplateAndHisGrader() throws IOException {
    Path file =
        file(
            "own.jsonl",
            "{\"id\":\"x\",\"question\":\"2+{question}?\",\"answer\":4,\"solution\":\"Add.\"}");
    Task task =
        open("custom", file, file, "task.promptTemplate=Q: {question}\nA:", "task.grader=math-v1");
    Problem problem = only(task);
    assertEquals("Q: 2+{question}?\nA:", task.prompt(problem));
    assertEquals("math-v1", task.grader().name());
    assertEquals(Optional.of(" Add.\nFinal answer: 4"), task.goldResponse(problem));
    assertEquals("x", problem.id());
  }

  @Test
  void aUsersProblemNeedsNoSolution() throws IOException {
    Path file = file("own.jsonl", "{\"question\":\"2+2?\",\"answer\":\"4\"}");
    Task task = open("custom", file, file);
    assertEquals(Optional.empty(), task.goldResponse(only(task)));
    assertTrue(task.grader().grade("Final answer: 4", only(task).gold()).correct());
  }

  @Test
  void aUsersProblemsAreRefusedWhereTheyCannotBeGradedOrTold() throws IOException {
    Path words = file("words.jsonl", "{\"question\":\"?\",\"answer\":\"many\"}");
    assertTrue(refusal(open("custom", words, words)).contains(":1: the gold answer 'many'"));
    String line = "{\"id\":\"x\",\"question\":\"?\",\"answer\":\"1\"}";
    Path twice = file("twice.jsonl", line, line);
    assertTrue(refusal(open("custom", twice, twice)).contains("two problems have the id x"));
    Path nowhere = Path.of("");
    assertTrue(refusal(open("custom", nowhere, nowhere)).startsWith("task.testFile is empty"));
  }

  @Test
  void llama2sChatTemplateWrapsThePromptAlone() throws IOException {
    Path file = file("own.jsonl", "{\"question\":\"2+2?\",\"answer\":4,\"solution\":\"Add.\"}");
    Task plain = open("custom", file, file);
    Task chat = open("custom", file, file, "task.chatTemplate=llama-2");
    Problem problem = only(chat);
    assertEquals("[INST] Question: 2+2?\nSolution: [/INST]", chat.prompt(problem));
    assertEquals("Question: 2+2?\nSolution:", plain.prompt(problem));
    assertEquals(plain.goldResponse(problem), chat.goldResponse(problem));
  }
}
