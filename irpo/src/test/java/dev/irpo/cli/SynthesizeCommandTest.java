package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.PublishedModels;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SynthesizeCommandTest {
  private static final LlamaConfig CONFIG =
      new LlamaConfig(400, 64, 96, 2, 4, 2, 16, 256, 10000, 1e-5, false, 1, List.of(2));

  @TempDir private Path folder;
  private Path config;

  @BeforeEach
  void writeConfig() throws IOException {
    config = folder.resolve("sizes.json");
    new ObjectMapper().writeValue(config.toFile(), CONFIG.toHuggingFace());
  }

  private CommandLineRun synthesize(String to, Object... more) {
    List<Object> arguments = new ArrayList<>(List.of("synthesize", "--config", config));
    arguments.addAll(List.of("--to", folder.resolve(to)));
    arguments.addAll(List.of(more));
    return CommandLineRun.of("", arguments.toArray());
  }

  private static List<String> namesIn(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "hf, bf16, bfloat16, HUGGING_FACE",
    "hf, f32, float32, HUGGING_FACE",
    "arrow, f16, float16, ARROW"
  })
  void aSynthesizedModelOpensWithEveryTensorInOrder(
      String format, String dtype, String name, String stored) throws IOException {
    synthesize("made", "--format", format, "--dtype", dtype).requireSuccess();
    try (StoredModel made = ModelFormats.open(folder.resolve("made"))) {
      LanguageModel.check(made);
      assertEquals(stored, made.format().name());
      assertEquals(name, made.config().path("torch_dtype").asText());
      assertEquals(CONFIG, LanguageModel.configOf(made));
      assertEquals(
          List.copyOf(CONFIG.parameterShapes().keySet()), List.copyOf(made.tensors().keySet()));
    }
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherSeedOthers() throws IOException {
    synthesize("a", "--seed", 5).requireSuccess();
    synthesize("b", "--seed", 5).requireSuccess();
    synthesize("c", "--seed", 6).requireSuccess();
    assertEquals(List.of("config.json", "model.safetensors"), namesIn(folder.resolve("a")));
    Path weights = folder.resolve("a").resolve("model.safetensors");
    assertEquals(-1, Files.mismatch(weights, folder.resolve("b").resolve("model.safetensors")));
    assertTrue(Files.mismatch(weights, folder.resolve("c").resolve("model.safetensors")) >= 0);
  }

  @Test
  void theTypesHoldTheSameValuesRounded() throws IOException {
    synthesize("single", "--dtype", "f32").requireSuccess();
    synthesize("half", "--dtype", "f16").requireSuccess();
    synthesize("brain", "--dtype", "bf16").requireSuccess();
    try (CpuBackend backend = new CpuBackend(1)) {
      Parameters single = TestData.open(backend, folder.resolve("single")).parameters();
      Parameters half = TestData.open(backend, folder.resolve("half")).parameters();
      Parameters brain = TestData.open(backend, folder.resolve("brain")).parameters();
      for (long i = 0; i < single.flat().numElements(); i++) {
        float value = (float) single.flat().get(i);
        assertEquals(Float.float16ToFloat(Float.floatToFloat16(value)), half.flat().get(i));
        assertEquals(value, brain.flat().get(i), Math.abs(value) / 256);
      }
    }
  }

  @Test
  void meanAndDeviationAreThoseOfFreshWeights() throws IOException {
    synthesize("made", "--dtype", "f32").requireSuccess();
    try (StoredModel made = ModelFormats.open(folder.resolve("made"))) {
      assertMoments(made.tensor("model.embed_tokens.weight"), 0.02);
      assertMoments(made.tensor("model.layers.1.mlp.up_proj.weight"), 0.02);
      assertMoments(made.tensor("model.layers.1.mlp.down_proj.weight"), 0.01);
      StoredTensor norm = made.tensor("model.norm.weight");
      for (int i = 0; i < CONFIG.embedDim(); i++) {
        assertEquals(1, norm.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i));
      }
    }
  }

  private static void assertMoments(StoredTensor tensor, double deviation) {
    assertEquals(DType.F32, tensor.dtype());
    Shape shape = tensor.shape();
    double sum = 0;
    double squares = 0;
    for (long i = 0; i < shape.numElements(); i++) {
      double value = tensor.data().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
      sum += value;
      squares += value * value;
    }
    double count = shape.numElements();
    assertEquals(0, sum / count, 4 * deviation / Math.sqrt(count));
    // a sample's deviation is off by 1/√(2n); four of them, and the table's own 0.1 %
    double tolerance = deviation * (4 / Math.sqrt(2 * count) + 0.001);
    assertEquals(deviation, Math.sqrt(squares / count), tolerance);
  }

  @Test
  void theTokenizerComesWithTheWeights() throws IOException {
    Path tokenizer = folder.resolve("some.model");
    Files.write(tokenizer, TestData.tokenizer(400).toBytes());
    synthesize("made", "--tokenizer", tokenizer).requireSuccess();
    assertEquals(-1, Files.mismatch(tokenizer, folder.resolve("made").resolve("tokenizer.model")));
    Files.write(tokenizer, TestData.tokenizer(410).toBytes());
    synthesize("other", "--tokenizer", tokenizer).requireRefused(tokenizer, 410, 400);
    assertFalse(Files.exists(folder.resolve("other")));
  }

  @Test
  void mistakesAreRefusedBeforeAnythingIsWritten() throws IOException {
    synthesize("sizes.json").requireRefused("sizes.json", "exists already");
    CommandLineRun.of("", "synthesize", "--shape", "llama-9", "--to", folder.resolve("made"))
        .requireRefused("--shape llama-9", PublishedModels.names());
    CommandLineRun.of("", "synthesize", "--to", folder.resolve("made")).requireRefused("--shape");
    Files.writeString(config, "{\"model_type\": \"mixtral\"}");
    synthesize("made").requireRefused(config, "mixtral");
    Files.writeString(config, "no JSON");
    synthesize("made").requireRefused(config);
    assertEquals(List.of("sizes.json"), namesIn(folder));
  }

  @Test
  void aDiskWithoutRoomIsRefusedWithBothNumbers() throws IOException {
    LlamaConfig huge =
        new LlamaConfig(1 << 22, 1 << 20, 64, 1, 1, 1, 2, 64, 10000, 1e-5, true, 1, List.of(2));
    new ObjectMapper().writeValue(config.toFile(), huge.toHuggingFace());
    synthesize("made").requireRefused("the weights take 8.80 TB", "GB left");
    assertEquals(List.of("sizes.json"), namesIn(folder));
  }
}
