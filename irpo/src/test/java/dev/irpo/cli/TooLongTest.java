package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.pair.PreferencePair;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Pairs and examples that are longer than a context of 256 tokens.
class TooLongTest {
  private static final String WEIGHTS = "model/weights-00001-of-00001.arrow";

  @TempDir private Path folder;
  private Path model;

  @BeforeEach
  void writeModel() throws IOException {
    model = TestData.writeTinyModel(folder.resolve("model"));
  }

  private static String ids(int count) {
    return Collections.nCopies(count, "5").toString();
  }

  private static String pair(int prompt, int chosen, int rejected) {
    return "{\"promptIds\":%s,\"chosenIds\":%s,\"rejectedIds\":%s}"
        .formatted(ids(prompt), ids(chosen), ids(rejected));
  }

  private static String example(int prompt, int response) {
    return "{\"promptIds\":%s,\"responseIds\":%s}".formatted(ids(prompt), ids(response));
  }

  private CommandLineRun run(String command, Path data, Path out, Object... more) {
    boolean isSft = command.equals("sft");
    List<Object> arguments =
        new ArrayList<>(
            List.of(command, isSft ? "--model" : "--policy", model, isSft ? "--data" : "--pairs"));
    arguments.addAll(List.of(data, "--out", out, "--set", "train.steps=1"));
    arguments.addAll(List.of("--set", "train.batchSize=2", "--set", "train.shuffle=false"));
    arguments.addAll(List.of("--set", "optimizer.learningRate=1e-2"));
    arguments.addAll(List.of(more));
    return CommandLineRun.of("", arguments.toArray());
  }

  private Path write(String name, String... lines) throws IOException {
    return Files.write(folder.resolve(name), List.of(lines));
  }

  private void requireDropped(String command, Path mixed, Path fitting) throws IOException {
    Path out = folder.resolve("mixed-" + command);
    run(command, mixed, out, "--strict")
        .requireRefused(mixed + " line 2 has 257 tokens", 256, "leave out --strict");
    assertFalse(Files.exists(out), "something half-written is left");
    CommandLineRun run = run(command, mixed, out);
    run.requireSuccess();
    List<String> said = run.err().lines().filter(line -> line.contains("dropped")).toList();
    assertEquals(1, said.size(), run.err());
    assertTrue(
        said.getFirst().contains(mixed + ": dropped 2 of 4 as too long, the first: line 2 has 257"),
        run.err());
    Path expected = folder.resolve("fitting-" + command);
    CommandLineRun whole = run(command, fitting, expected, "--strict");
    whole.requireSuccess();
    assertFalse(whole.err().contains("dropped"), whole.err());
    assertArrayEquals(
        Files.readAllBytes(expected.resolve(WEIGHTS)), Files.readAllBytes(out.resolve(WEIGHTS)));
  }

  @Test
  void pairsThatAreTooLongAreDroppedAndCountedOrRefused() throws IOException {
    requireDropped(
        "train",
        write("mixed", pair(250, 6, 3), pair(250, 3, 7), pair(9, 4, 2), pair(300, 1, 1)),
        write("fitting", pair(250, 6, 3), pair(9, 4, 2)));
  }

  @Test
  void examplesThatAreTooLongAreDroppedAndCountedOrRefused() throws IOException {
    requireDropped(
        "sft",
        write("mixed", example(250, 6), example(250, 7), example(9, 4), example(300, 1)),
        write("fitting", example(250, 6), example(9, 4)));
  }

  @Test
  void whereAllAreTooLongNothingIsTrained() throws IOException {
    Path out = folder.resolve("out");
    run("train", write("pairs", pair(300, 1, 1)), out)
        .requireRefused("pairs: everything", "line 1 has 301 tokens", "holds 256");
    run("sft", write("texts", example(300, 1)), out)
        .requireRefused("texts: everything", "line 1 has 301 tokens", "holds 256");
    assertFalse(Files.exists(out));
  }

  @Test
  void aSmallerMostAppliesToPairsOfATableToo() throws IOException {
    Path table = folder.resolve("pairs.arrow");
    List<PreferencePair> pairs = new ArrayList<>();
    for (int length : new int[] {4, 9}) {
      pairs.add(
          new PreferencePair(
              "p" + length, 0, 1, new int[length], new int[] {3}, new int[] {4}, 0, 0));
    }
    TableWriter.writeAll(table, PreferencePair.SCHEMA, pairs);
    run("train", table, folder.resolve("out"), "--strict", "--set", "pairs.maxTokens=9")
        .requireRefused(table + " problem p9 has 10 tokens", "pairs.maxTokens holds 9");
  }
}
