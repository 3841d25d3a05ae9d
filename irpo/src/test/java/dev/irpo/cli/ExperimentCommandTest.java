package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperimentCommandTest {
  private static final String FILE =
      """
      title: one iteration
      preset: demo
      settings:
        task.trainProblems: 6
        task.heldOutProblems: 0
        task.testProblems: 10
        rollouts.perPrompt: 4
        evaluate.majoritySamples: 0
      seeds: [1, 2, 3]
      protocols: [{name: same}]
      recipes: {irpo: {}}
      rows: [{title: M_0, model: irpo@0, paper: 55.6}, {title: M_1, model: irpo@1}]
      """;

  @TempDir private Path temporary;

  private CommandLineRun run(String... arguments) {
    return CommandLineRun.of("", (Object[]) arguments);
  }

  @Test
  void printsTheTableOfAFile() throws IOException {
    Path file = Files.writeString(temporary.resolve("one.yaml"), FILE);
    Path out = temporary.resolve("out");
    CommandLineRun run =
        run("experiment", file.toString(), "--seeds", "2", "--out", out.toString());
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("| M_0    | 55.6"), run.out());
    assertTrue(Files.exists(out.resolve("seed-2/irpo/run/iteration-1/evaluation.json")));
    assertFalse(Files.exists(out.resolve("seed-1")));
  }

  @Test
  void refusesInOneLineAndWritesNothing() throws IOException {
    Path file = Files.writeString(temporary.resolve("one.yaml"), FILE);
    Path out = temporary.resolve("out");
    String[][] mistakes = {
      {"experiment", "table7", "--out", out.toString()},
      {"experiment", file.toString(), "--out", out.toString(), "--set", "train.batch=3"},
      {"experiment", file.toString(), "--out", out.toString(), "--model", "nowhere"},
      {"experiment", file.toString(), "--out", out.toString(), "--backend", "gpu?"},
    };
    for (String[] mistake : mistakes) {
      CommandLineRun run = run(mistake);
      assertTrue(run.code() != 0, String.join(" ", mistake));
      assertEquals(1, run.err().lines().count(), run.err());
      assertFalse(Files.exists(out.resolve("seed-1")), run.err());
    }
  }
}
