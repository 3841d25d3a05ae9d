package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.testdata.GoldenFiles;
import dev.irpo.testdata.Mpi;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Commands whose model two processes of MPI hold together, against one process.
class ModelProcessesTest {
  private static final String PROMPTS =
      """
      {"promptIds":[234,435,454,229,254]}
      {"promptIds":[451]}
      """;

  private static final String RESPONSES =
      """
      {"promptIds":[450,187,478],"responseIds":[384,412,390,66,25,417]}
      {"promptIds":[451],"responseIds":[104,477]}
      """;

  @TempDir Path folder;

  private static Path policy() {
    return GoldenFiles.path("tiny/policy");
  }

  private void requireSame(Mpi mpi, String input, Object... arguments) throws Exception {
    CommandLineRun one = CommandLineRun.of(input, arguments);
    one.requireSuccess();
    assertTrue(one.out().lines().count() >= 2, one.out());
    CommandLineRun two = MpiRun.of(mpi, folder, 2, input, arguments);
    assertEquals(0, two.code(), two.err());
    assertEquals(one.out(), two.out());
  }

  @ParameterizedTest
  @EnumSource
  void twoProcessesScoreAndSampleToTheByteAsOneWhereThatIsAskedFor(Mpi mpi) throws Exception {
    requireSame(mpi, RESPONSES, "score", "--model", policy(), "--reproducible");
    requireSame(
        mpi,
        PROMPTS,
        "sample",
        "--model",
        policy(),
        "--reproducible",
        "-n",
        3,
        "--max-new-tokens",
        20);
  }

  @ParameterizedTest
  @EnumSource
  void threeProcessesEvaluateToTheByteAsOne(Mpi mpi) throws Exception {
    Object[] arguments = {
      "eval",
      "--model",
      Path.of("src/main/resources/dev/irpo/demo/model"),
      "--split",
      "test",
      "--set",
      "task.name=word-problems",
      "--set",
      "task.testProblems=7",
      "--set",
      "evaluate.majoritySamples=3"
    };
    CommandLineRun one = CommandLineRun.of("", arguments);
    one.requireSuccess();
    assertTrue(one.out().contains("majority"), one.out());
    CommandLineRun three = MpiRun.of(mpi, folder, 3, "", arguments);
    assertEquals(0, three.code(), three.err());
    assertEquals(one.out(), three.out());
  }

  @Test
  void aMistakeInALineEndsAllProcesses() throws Exception {
    String unknown = "{\"promptIds\":[600],\"responseIds\":[1]}\n";
    CommandLineRun two = MpiRun.of(Mpi.OPEN_MPI, folder, 2, unknown, "score", "--model", policy());
    assertNotEquals(0, two.code());
    assertTrue(two.err().contains("irpo: standard input line 1: token id 600"), two.err());
    assertEquals("", two.out());
  }

  @Test
  void aJvmWithoutFlagsUnderALauncherThatCannotReachAnotherNamesTheWayOut() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "score");
    builder.environment().put("PMI_FD", "9");
    Process process = builder.start();
    String error = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(2, process.waitFor());
    assertTrue(error.startsWith("irpo: this launcher reaches only the process"), error);
  }
}
