package dev.irpo.task;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.reward.Gold;
import dev.irpo.reward.Grade;
import dev.irpo.reward.Grader;
import dev.irpo.reward.StepGrader;
import dev.irpo.reward.UnreadableGold;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TasksTest {
  private static Task open(String... overrides) {
    return Tasks.open(RunConfig.of(Preset.DEMO).with(overrides).task(), 1);
  }

  @Test
  void theNamedTaskIsOpened() {
    assertEquals(Gsm8k.NAME, open("task.name=gsm8k").name());
    assertEquals(WordProblems.NAME, open().name());
  }

  @Test
  void zeroWordProblemsStandsForTheStandardNumber() throws IOException {
    Task task = open("task.trainProblems=0", "task.testProblems=0");
    assertEquals(600, task.problems(Split.TRAIN).size());
    assertEquals(500, task.problems(Split.TEST).size());
  }

  @Test
  void countsOfTheSettingsAreTheSizesOfSplits() throws IOException {
    Task task = open("task.trainProblems=30", "task.heldOutProblems=20", "task.testProblems=10");
    assertEquals(30, task.problems(Split.TRAIN).size());
    assertEquals(20, task.problems(Split.HELD_OUT).size());
    assertEquals(10, task.problems(Split.TEST).size());
  }

  @Test
  void aClassRewardsAnyTaskAndAListedGraderOneWithoutItsOwn() throws IOException {
    String step = "task.grader=" + StepGrader.class.getName();
    for (String more : List.of("task.chatTemplate=none", "task.chatTemplate=llama-2")) {
      Task task = open(step, more, "task.testProblems=5");
      assertEquals("step-test-v1", task.grader().name());
      Problem problem = task.problems(Split.TEST).getFirst();
      assertEquals(problem.question(), task.grader().grade("", problem.gold()).why());
      assertEquals(
          open(more).goldResponse(problem), task.goldResponse(problem), "only the grader changes");
    }
    assertEquals("math-v1", open("task.name=custom", "task.grader=math-v1").grader().name());
    assertEquals("step-test-v1", open("task.name=custom", step).grader().name());
  }

  @Test
  void tasksHaveTheirOwnGraderInTheVersionOfTheListedOne() {
    assertEquals("number-v2", open().grader().name());
    for (String version : List.of("v1", "v2")) {
      for (String listed : List.of("number-", "math-", "letter-")) {
        String named = "task.grader=" + listed + version;
        assertEquals(listed + version, open("task.name=custom", named).grader().name());
        assertEquals("number-" + version, open("task.name=word-problems", named).grader().name());
        assertEquals("number-" + version, open("task.name=gsm8k", named).grader().name());
        assertEquals("math-" + version, open("task.name=math", named).grader().name());
        assertEquals("letter-" + version, open("task.name=arc-challenge", named).grader().name());
      }
    }
  }

  /// Reads no gold answer.
  public static final class Picky implements Grader {
    @Override
    public String name() {
      return "picky-test-v1";
    }

    @Override
    public Grade grade(String response, Gold gold) {
      return Grade.of(0, "");
    }

    @Override
    public void requireReadable(Gold gold) {
      throw new UnreadableGold("'%s' is no unit test".formatted(gold.answer()));
    }
  }

  @Test
  void aGoldAnswerThatAClassCannotReadIsRefusedBeforeAnythingIsSampled() {
    Task task = open("task.grader=" + Picky.class.getName());
    String message =
        assertThrows(IllegalArgumentException.class, () -> task.problems(Split.TEST)).getMessage();
    assertTrue(message.startsWith("problem bags-"), message);
    assertTrue(message.endsWith("is no unit test"), message);
  }
}
