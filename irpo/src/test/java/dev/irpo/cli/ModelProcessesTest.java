package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.irpo.testdata.GoldenFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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

  private static boolean hasLauncher() {
    try {
      Process process = new ProcessBuilder("mpirun", "--version").redirectErrorStream(true).start();
      byte[] output = process.getInputStream().readAllBytes();
      return new String(output, StandardCharsets.UTF_8).contains("Open MPI");
    } catch (IOException e) {
      return false; // there is no such program
    }
  }

  /// Runs a command line as two processes.
  private CommandLineRun asTwo(String input, Object... arguments)
      throws IOException, InterruptedException {
    assumeTrue(hasLauncher(), "no mpirun of Open MPI is on the path");
    List<String> command = new ArrayList<>(List.of("mpirun", "--oversubscribe", "-n", "2"));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
    command.add(Main.class.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Path in = Files.writeString(folder.resolve("in"), input);
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT", "1");
    builder.environment().put("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    int code = builder.start().waitFor();
    return new CommandLineRun(code, Files.readString(out), Files.readString(err));
  }

  private void requireSame(String input, Object... arguments) throws Exception {
    CommandLineRun one = CommandLineRun.of(input, arguments);
    one.requireSuccess();
    assertTrue(one.out().lines().count() >= 2, one.out());
    CommandLineRun two = asTwo(input, arguments);
    assertEquals(0, two.code(), two.err());
    assertEquals(one.out(), two.out());
  }

  @Test
  void twoProcessesScoreAndSampleToTheByteAsOneWhereThatIsAskedFor() throws Exception {
    requireSame(RESPONSES, "score", "--model", policy(), "--reproducible");
    requireSame(
        PROMPTS, "sample", "--model", policy(), "--reproducible", "-n", 3, "--max-new-tokens", 20);
  }

  @Test
  void aMistakeInALineEndsAllProcesses() throws Exception {
    CommandLineRun two =
        asTwo("{\"promptIds\":[600],\"responseIds\":[1]}\n", "score", "--model", policy());
    assertNotEquals(0, two.code());
    assertTrue(two.err().contains("irpo: standard input line 1: token id 600"), two.err());
    assertEquals("", two.out());
  }
}
