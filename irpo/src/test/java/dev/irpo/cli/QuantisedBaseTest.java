package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.irpo.TestData;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.run.RunFolder;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.train.Training;
import dev.irpo.transformer.parallel.Replicas;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Everything that begins with a model in Q8_0 has the bits of the same numbers in single
/// precision.
class QuantisedBaseTest {
  private static final String WEIGHTS = "weights-00001-of-00001.arrow";
  private static final String[] ADAPTER = {
    "preset=demo", "adapter.rank=4", "optimizer.learningRate=1e-2"
  };

  /// So few that arithmetic takes no time beside it.
  private static final double BYTES_PER_SECOND = 1e6;

  @TempDir private static Path folder;

  /// The file, the same as a converted folder, and that folder in single precision.
  private static Path gguf;

  private static Path blocks;
  private static Path single;

  @BeforeAll
  static void quantise() throws IOException {
    Path model = TestData.writeTinyModel(folder.resolve("model"));
    gguf = folder.resolve("q8.gguf");
    blocks = folder.resolve("blocks");
    single = folder.resolve("single");
    command("export", "--model", model, "--to", gguf, "--format", "gguf", "--dtype", "q8_0");
    command("convert", "--from", gguf, "--to", blocks);
    command("convert", "--from", gguf, "--to", single, "--dtype", "f32");
  }

  private static CommandLineRun command(Object... arguments) {
    CommandLineRun run = CommandLineRun.of("", arguments);
    run.requireSuccess();
    return run;
  }

  private static CommandLineRun with(List<Object> arguments, String... settings) {
    List<Object> all = new ArrayList<>(arguments);
    for (String setting : settings) {
      all.add("--set");
      all.add(setting);
    }
    return command(all.toArray());
  }

  @Test
  void aConvertedFolderKeepsTheBlocks() throws IOException {
    long quantised = 0;
    for (Path file : List.of(blocks.resolve("weights-00001-of-00002.arrow"), gguf)) {
      quantised = Files.size(file);
      assertTrue(quantised * 3 < Files.size(single.resolve(WEIGHTS)), file + " " + quantised);
    }
    try (StoredModel file = ModelFiles.open(gguf, Optional.empty());
        StoredModel folder = ModelFiles.open(blocks, Optional.empty());
        StoredModel wide = ModelFiles.open(single, Optional.empty())) {
      assertSame(DType.Q8_0, LanguageModel.matrixType(file));
      assertSame(DType.Q8_0, LanguageModel.matrixType(folder));
      assertSame(DType.F32, LanguageModel.matrixType(wide));
      for (StoredTensor tensor : wide.tensors().values()) {
        assertTrue(tensor.hasElementsOf(folder.tensor(tensor.name())), tensor.name());
        assertTrue(tensor.hasElementsOf(file.tensor(tensor.name())), tensor.name());
      }
    }
  }

  @Test
  void whatIsSampledAndScored() {
    String sampled = output(single, "{\"prompt\":\"Tom has\"}", "sample", "-n", 3);
    String scored = output(single, "{\"prompt\":\"Tom has\",\"response\":\" 12 apples\"}", "score");
    for (Path model : List.of(gguf, blocks)) {
      assertEquals(sampled, output(model, "{\"prompt\":\"Tom has\"}", "sample", "-n", 3));
      assertEquals(
          scored, output(model, "{\"prompt\":\"Tom has\",\"response\":\" 12 apples\"}", "score"));
    }
  }

  private static String output(Path model, String input, Object... arguments) {
    List<Object> all = new ArrayList<>(List.of(arguments));
    all.addAll(1, List.of("--model", model));
    CommandLineRun run = CommandLineRun.of(input, all.toArray());
    run.requireSuccess();
    return run.out();
  }

  /// The weights that a training with texts ends with.
  private static byte[] trained(Path model, String name, String... settings) throws IOException {
    Path data = folder.resolve("texts.jsonl");
    Files.writeString(data, "{\"prompt\":\"Tom has\",\"response\":\" 12 apples\"}\n".repeat(4));
    Path out = folder.resolve(name + " from " + model.getFileName());
    List<Object> arguments = List.of("sft", "--model", model, "--data", data, "--out", out);
    List<String> all = new ArrayList<>(List.of(settings));
    all.addAll(List.of("train.steps=2", "train.batchSize=2", "train.tokenBudget=256"));
    with(arguments, all.toArray(String[]::new));
    return Files.readAllBytes(out.resolve("model").resolve(WEIGHTS));
  }

  @Test
  void anAdapterThatIsTrained() throws IOException {
    byte[] expected = trained(single, "adapter", ADAPTER);
    assertArrayEquals(expected, trained(gguf, "adapter", ADAPTER));
    assertArrayEquals(expected, trained(blocks, "adapter", ADAPTER));
  }

  /// A model that is stored whole is stored in single precision.
  @ParameterizedTest
  @ValueSource(strings = {"all", "layers:1"})
  void whatElseIsTrained(String selection) throws IOException {
    String name = selection.replace(':', ' ');
    String[] settings = {"preset=demo", "train.parameters=" + selection};
    assertArrayEquals(trained(single, name, settings), trained(gguf, name, settings));
  }

  @Test
  void aRunKeepsTheBlocksAndTrainsBesideThem() throws IOException {
    List<byte[]> models = new ArrayList<>();
    for (Path model : List.of(gguf, single)) {
      RunFolder run = new RunFolder(folder.resolve("run from " + model.getFileName()));
      with(
          List.of("run", "--model", model, "--out", run.root()),
          "preset=demo",
          "adapter.rank=4",
          "iterations=1",
          "task.trainProblems=4",
          "task.heldOutProblems=0",
          "task.testProblems=2",
          "rollouts.perPrompt=4",
          "rollouts.maxNewTokens=4",
          "pairs.perPrompt=2",
          "evaluate.majoritySamples=0",
          "train.steps=2",
          "train.batchSize=2");
      try (StoredModel start = ModelFiles.open(run.model(0), Optional.empty())) {
        DType type = model.equals(gguf) ? DType.Q8_0 : DType.F32;
        assertSame(type, LanguageModel.matrixType(start));
      }
      models.add(Files.readAllBytes(run.model(1).resolve(WEIGHTS)));
    }
    assertArrayEquals(models.getFirst(), models.getLast());
  }

  @Test
  void aTrainingReadsBlocksAndAPlanCountsThem() throws IOException {
    RunConfig config = RunConfig.of(Preset.DEMO).with("adapter.rank=4");
    try (Backend cpu = new CpuBackend(1)) {
      LanguageModel model = Training.open(config, cpu, Replicas.alone(), gguf, Optional.empty());
      for (String part : new String[] {"self_attn.q_proj", "self_attn.v_proj", "mlp.down_proj"}) {
        String name = "model.layers.1." + part + ".weight";
        assertSame(DType.Q8_0, model.parameters().buffers().get(name).dtype(), name);
      }
    }
    JsonNode ofBlocks = plan(gguf);
    JsonNode ofSingle = plan(single);
    assertEquals(ofSingle.get("bytes"), ofBlocks.get("bytes"));
    double elements = 400 * 32 + 2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32);
    double saved = (seconds(ofSingle) - seconds(ofBlocks)) * BYTES_PER_SECOND;
    double expected = elements * (Float.BYTES - 34.0 / 32);
    assertEquals(expected, saved, expected / 100, "a token reads the weights once");
  }

  private static JsonNode plan(Path model) throws IOException {
    return with(
            List.of(
                "plan",
                "--json",
                "--gflops",
                "1e6",
                "--gbytes",
                BYTES_PER_SECOND / 1e9,
                "--prompt-tokens",
                "9",
                "--model",
                model),
            "preset=demo",
            "adapter.rank=4",
            "rollouts.slots=1")
        .lines()
        .getFirst();
  }

  private static double seconds(JsonNode plan) {
    for (JsonNode work : plan.get("work")) {
      if (work.get("name").asText().startsWith("a token in each")) {
        return work.get("seconds").asDouble();
      }
    }
    throw new AssertionError(plan.toString());
  }
}
