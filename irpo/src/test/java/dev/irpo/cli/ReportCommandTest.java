package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.run.RunFolder;
import dev.irpo.run.SmallRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportCommandTest {
  @TempDir private Path temporary;

  private Path begun(String name) throws IOException {
    RunFolder folder = new RunFolder(temporary.resolve(name));
    folder.open(SmallRun.CONFIG);
    return folder.root();
  }

  @Test
  void theReportOfARunLiesInItsFolder() throws IOException {
    Path run = begun("run");
    CommandLineRun report = CommandLineRun.of("", "report", run);
    report.requireSuccess();
    Path file = run.resolve("report.html");
    assertTrue(Files.readString(file).startsWith("<!DOCTYPE html>"));
    assertEquals(1, report.out().lines().count());
    assertTrue(report.out().startsWith("report: " + file + " ("), report.out());
  }

  @Test
  void theReportOfSeveralRunsNeedsAPlace() throws IOException {
    Path first = begun("first");
    Path second = begun("second");
    CommandLineRun.of("", "report", first, second).requireRefused("--out", "2 runs");
    Path file = temporary.resolve("both.html");
    CommandLineRun.of("", "report", first, second, "--out", file).requireSuccess();
    assertTrue(Files.readString(file).contains("<title>first, second – IRPO report</title>"));
    assertFalse(Files.exists(first.resolve("report.html")));
  }

  @Test
  void aFolderThatIsNoRunIsRefusedInOneLine() throws IOException {
    Path none = temporary.resolve("none");
    CommandLineRun.of("", "report", none).requireRefused(none, "is no run", "config.yaml");
    Files.createDirectories(none);
    CommandLineRun.of("", "report", none).requireRefused(none, "is no run", "config.yaml");
    assertFalse(Files.exists(none.resolve("report.html")));
    Path training = begun("training");
    Files.writeString(training.resolve("inputs.json"), "{}");
    CommandLineRun.of("", "report", training)
        .requireRefused(training, "irpo train", "not of a run");
  }

  @Test
  void aDamagedConfigurationIsRefusedInOneLine() throws IOException {
    Path run = begun("run");
    Path config = run.resolve("config.yaml");
    Files.writeString(config, Files.readString(config).replace("seed: 1", "seed: 2"));
    CommandLineRun.of("", "report", run).requireRefused(config, "is damaged", "CRC-32C");
  }

  @Test
  void placesAndNumbersThatCannotBeAreRefused() throws IOException {
    Path run = begun("run");
    CommandLineRun.of("", "report", run, "--rollouts", 0)
        .requireRefused("--rollouts is 0", "from 1");
    CommandLineRun.of("", "report", run, "--out", temporary)
        .requireRefused(temporary, "is a folder", "report.html");
    assertEquals(2, CommandLineRun.of("", "report").code());
  }
}
