package dev.irpo.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.gguf.GgufType;
import dev.irpo.checkpoints.huggingface.HuggingFaceWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.ModelFiles;
import dev.irpo.tensor.stored.StoredTensor;
import dev.irpo.testdata.GoldenFiles;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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

  @ParameterizedTest
  @MethodSource("families")
  void aGgufIsTheSameModel(String family) throws IOException {
    try (StoredModel model = golden(family)) {
      Path file = folder.resolve("m.gguf");
      GgufExport.write(file, ExportSource.of(model), GgufType.F32, _ -> {});
      try (StoredModel gguf = open(file)) {
        assertSameWeights(model, gguf);
        LlamaConfig expected = LanguageModel.checkWeights(model);
        LlamaConfig found = LanguageModel.checkWeights(gguf);
        assertEquals(expected.layers().parts(), found.layers().parts());
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
