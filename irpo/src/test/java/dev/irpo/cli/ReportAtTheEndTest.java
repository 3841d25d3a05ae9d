package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The report that a run leaves, or does not.
class ReportAtTheEndTest {
  private static final List<String> SMALL =
      List.of(
          "iterations=1",
          "task.trainProblems=4",
          "task.heldOutProblems=0",
          "task.testProblems=0",
          "rollouts.perPrompt=2",
          "rollouts.maxNewTokens=30",
          "train.steps=1",
          "train.batchSize=2");

  @TempDir private Path temporary;

  private CommandLineRun demo(Path out) {
    List<Object> arguments = new ArrayList<>(List.of("demo", "--out", out));
    for (String setting : SMALL) {
      arguments.addAll(List.of("--set", setting));
    }
    return CommandLineRun.of("", arguments.toArray());
  }

  @Test
  void aRunThatCannotLeaveAReportEndsWellWithOneWarning() throws IOException {
    Path out = temporary.resolve("run");
    CommandLineRun first = demo(out);
    first.requireSuccess();
    Path report = out.resolve("report.html");
    List<String> lines = first.out().lines().toList();
    int files = lines.indexOf("files: " + out);
    assertEquals("report: " + report, lines.get(files + 1), first.out());
    assertTrue(Files.readString(report).startsWith("<!DOCTYPE html>"));

    Files.delete(report);
    Files.createDirectories(report.resolve("in the way"));
    CommandLineRun again = demo(out);
    again.requireSuccess();
    assertTrue(again.out().contains("files: " + out), again.out());
    assertTrue(again.out().lines().noneMatch(line -> line.startsWith("report: ")), again.out());
    List<String> warnings = again.err().lines().filter(line -> line.contains("report")).toList();
    assertEquals(1, warnings.size(), again.err());
    assertTrue(warnings.getFirst().contains("the report was not written: " + report), again.err());
  }
}
