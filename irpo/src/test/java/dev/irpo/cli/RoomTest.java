package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.plan.Machine;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
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
    return TestData.writeTinyModel(folder.resolve("model"));
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

  /// A Hugging Face folder with more weights than there is memory, of which the disk holds none.
  private Path huge() throws IOException {
    int rows = 1 << 22;
    int columns = Math.toIntExact(2 * Machine.memoryBytes() / ((long) rows * Float.BYTES));
    LlamaConfig config =
        new LlamaConfig(rows, columns, 64, 1, 4, 2, 8, 256, 10000, 1e-5, true, 1, List.of(2));
    Path model = Files.createDirectory(folder.resolve("huge"));
    ObjectMapper mapper = new ObjectMapper();
    mapper.writeValue(model.resolve("config.json").toFile(), config.toHuggingFace());
    ObjectNode header = mapper.createObjectNode();
    long bytes = 0;
    for (var parameter : config.parameterShapes().entrySet()) {
      ObjectNode tensor = header.putObject(parameter.getKey()).put("dtype", "F32");
      Shape shape = parameter.getValue();
      ArrayNode sizes = tensor.putArray("shape");
      for (int axis = 0; axis < shape.rank(); axis++) {
        sizes.add(shape.size(axis));
      }
      long end = bytes + shape.numElements() * Float.BYTES;
      tensor.putArray("data_offsets").add(bytes).add(end);
      bytes = end;
    }
    byte[] json = mapper.writeValueAsBytes(header);
    try (var file = new RandomAccessFile(model.resolve("model.safetensors").toFile(), "rw")) {
      file.writeLong(Long.reverseBytes(json.length));
      file.write(json);
      file.setLength(Long.BYTES + json.length + bytes);
    }
    return model;
  }

  @Test
  void aModelThatIsTooLargeToLoadIsRefusedBeforeItIs() throws IOException {
    Path model = huge();
    for (String command : List.of("sample", "score")) {
      CommandLineRun.of(PROMPT, command, "--model", model, "--backend", "reference")
          .requireRefused("memory: needs", "weights", "Java", "there are", "a smaller model");
    }
    Path data = Files.writeString(folder.resolve("data.jsonl"), "{}\n");
    Path out = folder.resolve("out");
    CommandLineRun.of("", "sft", "--model", model, "--data", data, "--out", out)
        .requireRefused("memory: needs", "optimizer", "a smaller model");
    CommandLineRun.of("", "train", "--policy", model, "--pairs", data, "--out", out)
        .requireRefused("memory: needs", "scoring", "a smaller model");
    assertFalse(Files.exists(out));
  }

  @Test
  void aMicroBatchThatTheMemoryCannotHoldIsRefused() throws IOException {
    Path data = folder.resolve("data.jsonl");
    Files.writeString(data, "{\"promptIds\":[1],\"responseIds\":[5]}\n");
    CommandLineRun.of(
            "",
            "sft",
            "--model",
            tiny(),
            "--data",
            data,
            "--out",
            folder.resolve("out"),
            "--set",
            "train.tokenBudget=16777216")
        .requireRefused("memory: needs", "activations", "train.tokenBudget");
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
  void problemsAndPromptsAreMadeOnceAndAreTheModels() throws IOException {
    RunConfig config = RunConfig.of(Preset.DEMO);
    Task task = Tasks.open(config.task(), config.seed());
    try (Backend backend = new CpuBackend(1)) {
      EmbeddedModel.copyTo(folder.resolve("m"));
      var model = TestData.open(backend, folder.resolve("m"));
      assertEquals(model.config(), EmbeddedModel.config());
      Prompts prompts = Prompts.of(config, EmbeddedModel.text(), EmbeddedModel.config());
      List<Problem> problems = prompts.problems(Split.TEST);
      assertEquals(task.problems(Split.TEST), problems);
      assertSame(problems, prompts.problems(Split.TEST));
      int longest = 0;
      for (Problem problem : problems) {
        assertArrayEquals(model.text().promptIds(task.prompt(problem)), prompts.ids(problem));
        assertSame(prompts.ids(problem), prompts.ids(problem));
        assertSame(prompts.gold(problem), prompts.gold(problem));
        longest = Math.max(longest, prompts.ids(problem).length);
      }
      assertEquals(longest, prompts.longest(problems));
    }
  }
}
