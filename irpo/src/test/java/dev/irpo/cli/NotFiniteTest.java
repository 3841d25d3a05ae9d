package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.model.LanguageModel;
import dev.irpo.run.SmallRun;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A model with a weight that is no number, in every command that computes with it.
class NotFiniteTest {
  private static final String PAIR = "{\"promptIds\":[1],\"chosenIds\":[5],\"rejectedIds\":[6]}";

  @TempDir private Path folder;
  private Path broken;

  @BeforeEach
  void breakModel() throws IOException {
    broken = folder.resolve("broken");
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel model = TestData.tinyModel(backend);
      model.parameters().buffers().get("model.norm.weight").set(3, Double.NaN);
      model.save(broken);
    }
  }

  private Path out() {
    return folder.resolve("out");
  }

  @Test
  void aRunNamesStageAndProblem() throws IOException {
    Path config = Files.writeString(folder.resolve("c.yaml"), SmallRun.CONFIG.toYaml());
    CommandLineRun run =
        CommandLineRun.of("", "run", "--model", broken, "--config", config, "--out", out());
    assertEquals(2, run.code(), run.err());
    String line = run.err().lines().toList().getLast();
    assertTrue(line.startsWith("irpo: M_0 evaluate: problem "), line);
    assertTrue(line.contains("the model's logits are not finite (the largest: NaN)"), line);
    assertFalse(Files.exists(out().resolve("iteration-0/evaluation.json")));
  }

  @Test
  void samplingAndScoringRefuseIt() throws IOException {
    CommandLineRun.of("{\"promptIds\":[1]}", "sample", "--model", broken)
        .requireRefused("the model's logits are not finite (the largest: NaN)", "diverged");
    CommandLineRun.of("{\"promptIds\":[1],\"responseIds\":[5]}", "score", "--model", broken)
        .requireRefused("log-probability of a token is not finite (NaN)", "diverged");
    Path pairs = Files.writeString(folder.resolve("pairs.jsonl"), PAIR);
    CommandLineRun.of("", "train", "--policy", broken, "--pairs", pairs, "--out", out())
        .requireRefused("line 1: the model's log-probability of a token is not finite (NaN)");
    assertFalse(Files.exists(out()));
  }

  @Test
  void whatABadStepWasToLearnFromCanBeLearntFrom() throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"promptIds\":[1],\"responseIds\":[5,2]}");
    CommandLineRun stopped = sft(broken, data, out());
    assertEquals(2, stopped.code(), stopped.err());
    Path file = out().resolve("bad-step-2.jsonl");
    String line = stopped.err().lines().toList().getLast();
    assertTrue(line.startsWith("irpo: " + file + ": step 2 is the last of 2 in a row"), line);
    assertFalse(Files.exists(out().resolve("model")));
    Path whole = TestData.writeTinyModel(folder.resolve("whole"));
    sft(whole, file, folder.resolve("again")).requireSuccess();
  }

  private static CommandLineRun sft(Path model, Path data, Path out) {
    return CommandLineRun.of(
        "",
        "sft",
        "--model",
        model,
        "--data",
        data,
        "--out",
        out,
        "--set",
        "preset=demo",
        "--set",
        "train.steps=4",
        "--set",
        "train.batchSize=2",
        "--set",
        "train.maxBadSteps=2");
  }
}
