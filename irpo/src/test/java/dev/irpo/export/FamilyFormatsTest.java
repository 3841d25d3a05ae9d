package dev.irpo.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.gguf.GgufType;
import dev.irpo.checkpoints.huggingface.HuggingFaceFormat;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.huggingface.SafetensorsFile;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Models of the families next to Llama in every format that is written.
class FamilyFormatsTest {
  @TempDir private Path folder;

  static List<String> families() {
    return GoldenFiles.families();
  }

  private static StoredModel golden(String family) throws IOException {
    return ModelFiles.open(GoldenFiles.path("families/" + family + "/policy"), Optional.empty());
  }

  private static StoredModel open(Path path) throws IOException {
    return ModelFiles.open(path, Optional.empty());
  }

  private static void assertSameWeights(StoredModel expected, StoredModel found) {
    assertEquals(expected.tensors().keySet(), found.tensors().keySet());
    for (StoredTensor tensor : expected.tensors().values()) {
      assertTrue(found.tensor(tensor.name()).hasElementsOf(tensor), tensor.name());
    }
  }

  @ParameterizedTest
  @MethodSource("families")
  void aConvertedFolderAndAnExportAreTheSameModel(String family) throws IOException {
    try (StoredModel model = golden(family)) {
      ArrowModelWriter.keepingTypes().write(folder.resolve("arrow"), model);
      try (StoredModel arrow = open(folder.resolve("arrow"))) {
        assertSameWeights(model, arrow);
        assertEquals(model.config(), arrow.config());
        new HuggingFaceWriter().write(folder.resolve("exported"), arrow);
      }
      try (StoredModel exported = open(folder.resolve("exported"))) {
        assertSameWeights(model, exported);
        assertEquals(LanguageModel.checkWeights(model), LanguageModel.checkWeights(exported));
      }
    }
  }

  /// Under the names of the family, whatever the program calls its parts.
  @ParameterizedTest
  @MethodSource("families")
  void anExportHasTheTensorsOfTransformers(String family) throws IOException {
    Path exported = folder.resolve("exported");
    try (StoredModel model = golden(family)) {
      new HuggingFaceWriter().write(exported, model);
    }
    Path original = GoldenFiles.path("families/" + family + "/policy");
    try (Arena arena = Arena.ofConfined()) {
      var expected = weights(original, arena);
      var found = weights(exported, arena);
      assertEquals(expected.keySet(), found.keySet());
      expected.forEach((name, entry) -> {
        assertEquals(entry.shape(), found.get(name).shape(), name);
        assertEquals(-1, entry.data().mismatch(found.get(name).data()), name);
      });
    }
  }

  private static Map<String, SafetensorsFile.Entry> weights(Path model, Arena arena)
      throws IOException {
    return SafetensorsFile.map(model.resolve(HuggingFaceFormat.WEIGHTS), arena).entries();
  }

  @Test
  void rowsOfAFusedTensorAreReadWhereTheyLie() throws IOException {
    try (StoredModel model = golden("phi3")) {
      StoredTensor q = model.tensor("model.layers.0.self_attn.q_proj.weight");
      StoredTensor v = model.tensor("model.layers.0.self_attn.v_proj.weight");
      assertEquals(Shape.of(8, 16), v.shape());
      assertEquals(24 * 16 * 4, v.data().address() - q.data().address());
      StoredTensor gate = model.tensor("model.layers.1.mlp.gate_proj.weight");
      StoredTensor up = model.tensor("model.layers.1.mlp.up_proj.weight");
      assertEquals(24 * 16 * 4, up.data().address() - gate.data().address());
    }
  }

  static List<String> familiesOfGguf() {
    return families().stream().filter(family -> !family.endsWith("-window")).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "mistral-window, 'layers [0, 1]', 5, llama",
    "qwen2-window, 'layers [1, 2]', 4, qwen2"
  })
  void aGgufThatCannotSayAWindowIsRefused(
      String family, String layers, String size, String architecture) throws IOException {
    Path file = folder.resolve("m.gguf");
    try (StoredModel model = golden(family)) {
      ExportSource source = ExportSource.of(model);
      String message =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> GgufExport.write(file, source, GgufType.F32, _ -> {}))
              .getMessage();
      for (String part : List.of("--format gguf", layers, size, "GGUF's " + architecture, "hf")) {
        assertTrue(message.contains(part), message);
      }
      assertFalse(Files.exists(file));
    }
  }

  @ParameterizedTest
  @MethodSource("familiesOfGguf")
  void aGgufIsTheSameModel(String family) throws IOException {
    try (StoredModel model = golden(family)) {
      Path file = folder.resolve("m.gguf");
      GgufExport.write(file, ExportSource.of(model), GgufType.F32, _ -> {});
      try (StoredModel gguf = open(file)) {
        assertSameWeights(model, gguf);
        LlamaConfig expected = LanguageModel.checkWeights(model);
        LlamaConfig found = LanguageModel.checkWeights(gguf);
        assertEquals(expected.layers().parts(), found.layers().parts());
        assertEquals(expected.layers().window(), found.layers().window());
        assertEquals(expected.parameterShapes(), found.parameterShapes());
        assertEquals(expected.maxPositions(), found.maxPositions());
        assertEquals(expected.ropeBase(), found.ropeBase());
        assertEquals(expected.ropeScaling(), found.ropeScaling());
        assertEquals(expected.rmsEps(), found.rmsEps(), 1e-6 * expected.rmsEps());
        new HuggingFaceWriter().write(folder.resolve("back"), gguf);
      }
      try (StoredModel back = open(folder.resolve("back"))) {
        assertSameWeights(model, back);
      }
    }
  }
}
