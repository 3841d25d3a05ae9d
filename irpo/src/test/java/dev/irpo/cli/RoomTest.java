package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What memory or disk has no room for is refused before anything is written or allocated.
class RoomTest {
  private static final String PROMPT = "{\"promptIds\":[1]}";

  private static final String SETTINGS =
      """
      preset: demo
      train: {steps: 1000000, checkpointEverySteps: 1}
      """;

  @TempDir private Path folder;

  private Path tiny() throws IOException {
    Path model = folder.resolve("model");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend).save(model);
    }
    return model;
  }

  @Test
  void aDemoThatTheMemoryCannotHoldIsRefused() {
    Path out = folder.resolve("out");
    CommandLineRun.of("", "demo", "--out", out, "--set", "train.tokenBudget=4194304")
        .requireRefused("memory: needs", "activations", "train.tokenBudget");
    assertFalse(Files.exists(out));
  }

  @Test
  void moreSlotsThanTheMemoryHoldsAreRefused() throws IOException {
    Path model = tiny();
    CommandLineRun.of(PROMPT, "sample", "--model", model, "--slots", "4194304")
        .requireRefused("memory: needs", "key-value cache", "--slots", "--max-new-tokens");
    CommandLineRun.of(
            "",
            "eval",
            "--model",
            model,
            "--set",
            "preset=demo",
            "--set",
            "rollouts.slots=65536",
            "--set",
            "rollouts.maxNewTokens=1000000")
        .requireRefused("memory: needs", "key-value cache", "rollouts.slots");
    CommandLineRun.of(PROMPT, "sample", "--model", model, "--slots", "2147483647")
        .requireRefused("slots 2147483647", "fewer slots");
  }

  @Test
  void checkpointsThatTheDiskCannotHoldAreRefusedWithoutADryRunToo() throws IOException {
    Path out = folder.resolve("out");
    Path settings = Files.writeString(folder.resolve("c.yaml"), SETTINGS);
    CommandLineRun.of("", "run", "--model", tiny(), "--out", out, "--config", settings)
        .requireRefused("models and checkpoints take", "the disk has", "--out");
    CommandLineRun.of("", "demo", "--out", out, "--config", settings)
        .requireRefused("models and checkpoints take", "the disk has", "--out");
    assertFalse(Files.exists(out));
  }

  @Test
  void aBegunRunGoesOnWithoutTheModelItBeganFrom() throws IOException {
    Path out = folder.resolve("out");
    RunFolder begun = new RunFolder(out);
    begun.open(RunConfig.of(Preset.DEMO));
    EmbeddedModel.copyTo(begun.startModel());
    CommandLineRun run =
        CommandLineRun.of(
            "",
            "run",
            "--dry-run",
            "--model",
            folder.resolve("gone"),
            "--out",
            out,
            "--set",
            "preset=demo");
    run.requireSuccess();
  }

  @Test
  void aPromptIsMadeOnceAndIsTheModels() throws IOException {
    RunConfig config = RunConfig.of(Preset.DEMO);
    Task task = Tasks.open(config.task(), config.seed());
    try (Backend backend = new CpuBackend(1)) {
      EmbeddedModel.copyTo(folder.resolve("m"));
      var model = TestData.open(backend, folder.resolve("m"));
      assertEquals(model.config(), EmbeddedModel.config());
      Prompts prompts = new Prompts(task, EmbeddedModel.tokenizer(), EmbeddedModel.config());
      List<Problem> problems = task.problems(Split.TEST);
      int longest = 0;
      for (Problem problem : problems) {
        assertArrayEquals(model.promptIds(task.prompt(problem)), prompts.ids(problem));
        assertSame(prompts.ids(problem), prompts.ids(problem));
        longest = Math.max(longest, prompts.ids(problem).length);
      }
      assertEquals(longest, prompts.longest(problems));
    }
  }
}
