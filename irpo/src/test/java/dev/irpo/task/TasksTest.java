package dev.irpo.task;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import java.io.IOException;
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
}
