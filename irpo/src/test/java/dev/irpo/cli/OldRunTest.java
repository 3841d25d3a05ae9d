package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.rollout.Rollout;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that was begun before its grader had a second version.
final class OldRunTest {
  private static final List<String> SMALL =
      List.of(
          "iterations=1",
          "task.trainProblems=8",
          "task.heldOutProblems=2",
          "task.testProblems=2",
          "rollouts.perPrompt=2",
          "rollouts.maxNewTokens=30",
          "evaluate.majoritySamples=0",
          "train.steps=1",
          "train.batchSize=2");

  @TempDir private Path temporary;

  private CommandLineRun demo(String... more) {
    List<Object> arguments = new ArrayList<>(List.of("demo", "--out", root()));
    for (String setting : SMALL) {
      arguments.addAll(List.of("--set", setting));
    }
    for (String setting : more) {
      arguments.addAll(List.of("--set", setting));
    }
    return CommandLineRun.of("", arguments.toArray());
  }

  private Path root() {
    return temporary.resolve("run");
  }

  private List<Rollout> rollouts() throws IOException {
    return TableReader.readAll(new RunFolder(root()).rollouts(1).part(0), Rollout::of);
  }

  @Test
  void theSameCommandResumesARunWithTheGraderThatItWasBegunWith() throws IOException {
    demo("task.grader=number-v1").requireSuccess();
    Path iteration = root().resolve("iteration-1");
    assertTrue(Files.isDirectory(iteration));
    Files.move(iteration, temporary.resolve("away"));
    demo().requireSuccess();
    List<Rollout> rollouts = rollouts();
    assertFalse(rollouts.isEmpty());
    for (Rollout rollout : rollouts) {
      assertEquals("number-v1", rollout.grader());
    }
    demo("task.grader=number-v2").requireRefused("config.yaml", "number-v1", "number-v2");
  }

  @Test
  void aNewRunHasTheLatestGrader() throws IOException {
    demo().requireSuccess();
    assertEquals("number-v2", rollouts().getFirst().grader());
    demo("task.grader=number-v1").requireRefused("config.yaml", "number-v1", "number-v2");
  }
}
