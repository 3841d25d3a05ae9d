package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.files.FolderLock;
import dev.irpo.config.RunConfig;
import dev.irpo.run.SmallRun;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One process at a time works in a folder; those that only read it are let in.
class FolderLockCommandsTest {
  private static final RunConfig CONFIG = SmallRun.CONFIG.with("iterations=100");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path folder;

  private Path out() {
    return folder.resolve("out");
  }

  private List<String> command(Path model, Path config, String... more) {
    List<String> command = new ArrayList<>(List.of("run", "--model", model.toString()));
    command.addAll(List.of("--config", config.toString(), "--out", out().toString()));
    command.addAll(List.of(more));
    return command;
  }

  private Process start(List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    try (var flags = Main.class.getResourceAsStream("jvm.flags")) {
      new String(flags.readAllBytes(), StandardCharsets.UTF_8).lines().forEach(command::add);
    }
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
  }

  /// Waits until a process has the folder.
  private void await(Process process) throws IOException, InterruptedException {
    Path lock = out().resolve(FolderLock.FILE_NAME);
    Instant end = Instant.now().plus(PATIENCE);
    String owner = "\"pid\" : " + process.pid() + ",";
    while (!Files.exists(lock) || !Files.readString(lock).contains(owner)) {
      assertTrue(process.isAlive(), () -> logOf(process));
      assertTrue(Instant.now().isBefore(end), "no lock");
      Thread.sleep(20);
    }
  }

  private String logOf(Process process) {
    try {
      return process + " ended: " + Files.readString(folder.resolve("log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void aSecondRunIsRefusedReadersAreNotAndTheLockOfAKilledRunIsTakenOver() throws Exception {
    Path model = TestData.writeTinyModel(folder.resolve("model"));
    Path config = Files.writeString(folder.resolve("c.yaml"), CONFIG.toYaml());
    Process first = start(command(model, config));
    await(first);
    CommandLineRun.of("", command(model, config).toArray())
        .requireRefused(out() + ": process " + first.pid() + " on ", "choose another folder");
    while (!Files.exists(out().resolve("config.yaml"))) {
      assertTrue(first.isAlive(), () -> logOf(first));
      Thread.sleep(20);
    }
    CommandLineRun.of("", command(model, config, "--dry-run").toArray()).requireSuccess();
    CommandLineRun.of("", "inspect", out()).requireSuccess();
    assertTrue(first.isAlive(), () -> logOf(first));
    first.destroyForcibly().waitFor();

    Process second = start(command(model, config));
    await(second);
    CommandLineRun.of("", command(model, config).toArray())
        .requireRefused(out() + ": process " + second.pid() + " on ");
    second.destroyForcibly().waitFor();
  }

  @Test
  void trainingsAreLockedToo() throws IOException {
    Path model = TestData.writeTinyModel(folder.resolve("model"));
    Path data = Files.writeString(folder.resolve("data.jsonl"), "{}\n");
    Files.createDirectories(out());
    Files.writeString(out().resolve("config.yaml"), CONFIG.toYaml());
    ProcessHandle self = ProcessHandle.current();
    String host = Files.readString(Path.of("/proc/sys/kernel/hostname")).strip();
    long start = self.info().startInstant().orElseThrow().toEpochMilli();
    new ObjectMapper()
        .writeValue(
            out().resolve(FolderLock.FILE_NAME).toFile(),
            Map.of("host", host, "pid", self.pid(), "start", start));
    String fact = out() + ": process " + self.pid() + " on " + host;
    CommandLineRun.of("", "sft", "--model", model, "--data", data, "--out", out())
        .requireRefused(fact);
    CommandLineRun.of("", "train", "--policy", model, "--pairs", data, "--out", out())
        .requireRefused(fact);
  }

  @Test
  void aRefusedRunLeavesNoLock() throws IOException {
    Path model = TestData.writeTinyModel(folder.resolve("model"));
    Files.createDirectories(out());
    Files.writeString(out().resolve("notes.txt"), "mine");
    Path config = Files.writeString(folder.resolve("c.yaml"), CONFIG.toYaml());
    CommandLineRun.of("", command(model, config).toArray()).requireRefused("holds files but no");
    assertFalse(Files.exists(out().resolve(FolderLock.FILE_NAME)));
    assertEquals(1, out().toFile().list().length);
  }
}
