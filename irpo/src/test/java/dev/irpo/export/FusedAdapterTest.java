package dev.irpo.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.files.HashedFile;
import dev.irpo.checkpoints.huggingface.HuggingFaceFormat;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.huggingface.SafetensorsFile;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.peft.PeftWriter;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.Adapter;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Adapters of a family whose files have several linear layers as one.
class FusedAdapterTest {
  private static final String LAYER = "model.layers.1.self_attn.";
  private static final int RANK = 2;
  private static final int WIDTH = 16;
  private static final int ROWS = 32;

  @TempDir private Path folder;

  private static float element(String name, int i) {
    return (float) Math.sin(1 + i + 7 * name.length());
  }

  private static StoredTensor factor(String end, int rows, int columns) {
    String name = "base_model.model." + LAYER + "qkv_proj.lora_" + end + ".weight";
    MemorySegment data = Arena.ofAuto().allocate(4L * rows * columns, 64);
    for (int i = 0; i < rows * columns; i++) {
      data.setAtIndex(ValueLayout.JAVA_FLOAT, i, element(end, i));
    }
    return new StoredTensor(name, DType.F32, Shape.of(rows, columns), data);
  }

  private Path peft() throws IOException {
    Path peft = Files.createDirectory(folder.resolve("peft"));
    try (HashedFile file = new HashedFile(peft.resolve("adapter_model.safetensors"), _ -> {})) {
      SafetensorsFile.write(
          file, List.of(factor("A", RANK, WIDTH), factor("B", ROWS, RANK)), Map.of());
      file.finish();
    }
    String base = GoldenFiles.path("families/phi3/policy").toAbsolutePath().toString();
    Files.writeString(
        peft.resolve("adapter_config.json"),
        "{\"peft_type\":\"LORA\",\"base_model_name_or_path\":\"%s\",\"r\":2,\"lora_alpha\":6}"
            .formatted(base));
    return peft;
  }

  @Test
  void anAdapterOfTheWholeAddsToEachPart() throws IOException {
    Path merged = folder.resolve("merged");
    try (StoredModel model = ModelFiles.open(peft(), Optional.empty())) {
      assertEquals(
          Optional.of(new Adapter(RANK, 6, false, List.of("q_proj", "k_proj", "v_proj"))),
          LanguageModel.configOf(model).layers().adapter());
      new HuggingFaceWriter().write(merged, AdaptedModel.merged(model));
    }
    Path original = GoldenFiles.path("families/phi3/policy");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment before = weight(original, arena);
      MemorySegment after = weight(merged, arena);
      for (int i = 0; i < ROWS * WIDTH; i++) {
        double sum = 0;
        for (int r = 0; r < RANK; r++) {
          sum += element("B", i / WIDTH * RANK + r) * element("A", r * WIDTH + i % WIDTH);
        }
        float expected = before.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        float found = after.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
        assertEquals(expected + 3 * sum, found, 1e-6, "element " + i);
        assertTrue(Math.abs(sum) > 1e-6);
      }
    }
  }

  private static MemorySegment weight(Path model, Arena arena) throws IOException {
    return SafetensorsFile.map(model.resolve(HuggingFaceFormat.WEIGHTS), arena)
        .entries()
        .get(LAYER + "qkv_proj.weight")
        .data();
  }

  @Test
  void anAdapterOfAPartIsNotWrittenAsPeftsAndOthersAre() throws IOException {
    Path model = GoldenFiles.path("families/phi3/policy");
    try (StoredModel stored = ModelFiles.open(model, Optional.empty())) {
      StoredModel part = AdaptedModel.of(stored, config("q_proj, o_proj"));
      Path target = folder.resolve("part");
      String message =
          assertThrows(IllegalArgumentException.class, () -> PeftWriter.write(target, part, "base"))
              .getMessage();
      assertTrue(message.contains("an adapter of q_proj, which transformers' phi3"), message);
      assertTrue(Files.notExists(target));
      PeftWriter.write(target, AdaptedModel.of(stored, config("o_proj, down_proj")), "base");
      assertTrue(Files.exists(target.resolve("adapter_config.json")));
    }
  }

  private static RunConfig config(String targets) {
    return RunConfig.of(Preset.DEMO).with("adapter.rank=2", "adapter.targets=" + targets);
  }
}
