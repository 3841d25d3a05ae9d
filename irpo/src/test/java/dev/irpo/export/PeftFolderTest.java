package dev.irpo.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.TestData;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.peft.PeftWriter;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.Adapter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Adapters as PEFT stores them. That PEFT itself reads and computes the same,
/// `tools/check_peft.py` checks.
class PeftFolderTest {
  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with(
              "adapter.rank=3",
              "adapter.alpha=5",
              "adapter.rankStabilised=true",
              "adapter.targets=v_proj, up_proj");

  @TempDir private Path temporary;

  private Path base;
  private Path peft;

  @BeforeEach
  void write() throws IOException {
    base = temporary.resolve("base");
    peft = temporary.resolve("peft");
    Path saved = temporary.resolve("saved");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend).save(saved);
    }
    try (StoredModel stored = ModelFiles.open(saved, Optional.empty())) {
      new HuggingFaceWriter().write(base, stored);
      PeftWriter.write(peft, AdaptedModel.of(stored, CONFIG), "../base");
    }
  }

  private void configure(String key, String json) throws IOException {
    Path file = peft.resolve("adapter_config.json");
    ObjectNode config = (ObjectNode) MAPPER.readTree(file.toFile());
    config.set(key, MAPPER.readTree(json));
    MAPPER.writeValue(file.toFile(), config);
  }

  private StoredModel open() throws IOException {
    return ModelFiles.open(peft, Optional.empty());
  }

  @Test
  void whatIsWrittenIsReadAgain() throws IOException {
    try (StoredModel read = open();
        StoredModel whole = ModelFiles.open(base, Optional.empty())) {
      StoredModel written = AdaptedModel.of(whole, CONFIG);
      assertEquals("PEFT", read.format().name());
      assertEquals(
          LanguageModel.configOf(written).layers().adapter(),
          LanguageModel.configOf(read).layers().adapter());
      assertEquals(written.summaries().size(), read.summaries().size());
      for (String name : written.tensors().keySet()) {
        assertTrue(read.tensor(name).hasElementsOf(written.tensor(name)), name);
      }
      assertEquals(LanguageModel.checkWeights(written), LanguageModel.checkWeights(read));
      assertFalse(read.tokenizers().isEmpty(), "the base's");
    }
  }

  /// What PEFT 0.21 writes of an adapter that has nothing special.
  @Test
  void otherKeysOfPeftAreRead() throws IOException {
    for (String key :
        List.of(
            "modules_to_save",
            "rank_pattern",
            "alpha_pattern",
            "layer_replication",
            "target_parameters")) {
      configure(key, key.endsWith("pattern") ? "{}" : "null");
    }
    configure("task_type", "\"CAUSAL_LM\"");
    configure("target_modules", "\".*(v_proj|up_proj)\"");
    configure("init_lora_weights", "true");
    configure("lora_dropout", "0.05"); // of their training
    try (StoredModel read = open()) {
      assertEquals(
          Optional.of(new Adapter(3, 5, true, List.of("v_proj", "up_proj"))),
          LanguageModel.configOf(read).layers().adapter());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "peft_type|\"IA3\"|peft_type is \"IA3\", only LORA is supported",
        "use_dora|true|use_dora is true, only false is supported",
        "bias|\"all\"|bias is \"all\", only none is supported",
        "modules_to_save|[\"lm_head\"]|modules_to_save is [\"lm_head\"], only [] is supported",
        "rank_pattern|{\"v_proj\":8}|rank_pattern is {\"v_proj\":8}, only {} is supported",
        "r|null|r is null, it must be a number",
      })
  void whatIsNotComputedIsRefusedByName(String key, String json, String fact) throws IOException {
    configure(key, json);
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, this::open);
    assertTrue(
        e.getMessage().startsWith(peft.resolve("adapter_config.json") + ": " + fact),
        e::getMessage);
    assertEquals(1, e.getMessage().lines().count());
  }

  @Test
  void anAdapterIsNoBaseNotEvenOfItself() throws IOException {
    for (String base : List.of(".", "../peft")) {
      configure("base_model_name_or_path", "\"" + base + "\"");
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, this::open);
      assertTrue(e.getMessage().contains(peft + ", which is an adapter itself"), e::getMessage);
    }
  }

  @Test
  void aBaseThatIsNotThereIsNamed() throws IOException {
    configure("base_model_name_or_path", "\"meta-llama/Llama-2-7b-hf\"");
    NoSuchFileException e = assertThrows(NoSuchFileException.class, this::open);
    assertEquals(
        peft.resolve("adapter_config.json")
            + ": base_model_name_or_path is 'meta-llama/Llama-2-7b-hf', and there is no "
            + peft.resolve("meta-llama/Llama-2-7b-hf")
            + "; write the path of the base there",
        e.getMessage());
  }

  @Test
  void aModelWithoutAnAdapterHasNothingToWrite() throws IOException {
    Path other = temporary.resolve("other");
    try (StoredModel whole = ModelFiles.open(base, Optional.empty())) {
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> PeftWriter.write(other, whole, "base"));
      assertEquals(base + ": has no adapter; export it as hf or gguf", e.getMessage());
    }
    assertFalse(Files.exists(other));
  }
}
