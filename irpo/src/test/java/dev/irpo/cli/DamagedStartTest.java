package dev.irpo.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.run.SmallRun;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a run begins with, damaged later: its configuration and M_0.
class DamagedStartTest {
  @TempDir private Path folder;

  private Path model;
  private Path config;

  @BeforeEach
  void begin() throws IOException {
    model = TestData.writeTinyModel(folder.resolve("model"));
    config = folder.resolve("c.yaml");
    Files.writeString(
        config,
        SmallRun.CONFIG
            .with(
                "iterations=1",
                "task.heldOutProblems=0",
                "train.steps=1",
                "evaluate.majoritySamples=0")
            .toYaml());
    run(model).requireSuccess();
  }

  private Path out() {
    return folder.resolve("out");
  }

  private CommandLineRun run(Path from) {
    return CommandLineRun.of("", "run", "--model", from, "--config", config, "--out", out());
  }

  private Path flip(String name, int place) throws IOException {
    Path file = out().resolve(name);
    byte[] bytes = Files.readAllBytes(file);
    bytes[place < 0 ? bytes.length + place : place] ^= 4;
    Files.write(file, bytes);
    return file;
  }

  @Test
  void aDamagedStartModelIsCopiedAgain() throws IOException {
    for (String name : new String[] {"weights-00001-of-00001.arrow", "manifest.json"}) {
      Path file =
          flip("model-0/" + name, 1000 % (int) Files.size(out().resolve("model-0/" + name)));
      run(model).requireSuccess();
      assertEquals(-1, Files.mismatch(model.resolve(name), file));
    }
    assertTrue(Files.exists(out().resolve("model-0.damaged")));
    assertTrue(Files.exists(out().resolve("model-0.damaged-2")));
  }

  @Test
  void anotherModelDoesNotTakeItsPlace() throws IOException {
    Path other = folder.resolve("other");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend, 250).save(other);
    }
    flip("model-0/weights-00001-of-00001.arrow", 1000);
    CommandLineRun refused = run(other);
    assertEquals(2, refused.code());
    String line = refused.err().lines().toList().getLast();
    assertTrue(line.startsWith("irpo: " + out().resolve("model-0.damaged") + ": "), line);
    assertTrue(line.contains("--model " + other + " is another model"), line);
    assertFalse(Files.exists(out().resolve("model-0")));
    run(model).requireSuccess();
    assertTrue(Files.exists(out().resolve("model-0")));
  }

  @Test
  void aDamagedConfigurationStopsTheRunInOneLine() throws IOException {
    byte[] whole = Files.readAllBytes(out().resolve("config.yaml"));
    Path file = flip("config.yaml", 20);
    run(model).requireRefused(file + ": is damaged (has CRC-32C ", "put a copy of it back");
    Files.write(file, new byte[0]);
    run(model)
        .requireRefused(file + ": is damaged (it ends within a line", "put a copy of it back");
    int lineEnd = new String(whole, ISO_8859_1).lastIndexOf('\n', whole.length / 2);
    Files.write(file, Arrays.copyOf(whole, lineEnd + 3));
    run(model).requireRefused(file + ": is damaged (it ends within a line");
    Files.write(file, whole);
    run(model).requireSuccess();
  }

  @Test
  void aTableAtTheEndNamesADamagedFileThatItNeeds() throws IOException {
    Path file = flip("iteration-0/evaluation.json", 5);
    CommandLineRun.of("", "inspect", out()).requireRefused(file + ": is damaged (");
    run(model).requireSuccess();
    CommandLineRun inspected = CommandLineRun.of("", "inspect", out());
    inspected.requireSuccess();
    assertTrue(
        inspected.out().contains("damaged    iteration-0/evaluation.json.damaged"),
        inspected.out());
  }
}
