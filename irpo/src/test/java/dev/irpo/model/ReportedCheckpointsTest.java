package dev.irpo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The weights of stories260K under metadata that tripped readers; the expected log-probabilities
/// are those of a Llama in double precision.
class ReportedCheckpointsTest {
  private static final Sequence PROBE =
      new Sequence(
          new int[] {1, 403, 407, 261, 378},
          new int[] {383, 286, 261, 376, 298, 315, 421, 395, 317, 426});

  @TempDir private Path temporary;

  /// The model's configuration, when it and its conversion give the probe that log-probability.
  private LlamaConfig assertLogProb(double expected, String name) throws IOException {
    Path model = ForeignData.path("reports/" + name);
    Path converted = temporary.resolve("converted");
    try (StoredModel stored = ModelFormats.open(model)) {
      ArrowModelWriter.keepingTypes().write(converted, stored);
    }
    try (Backend backend = new CpuBackend(1)) {
      for (Path path : List.of(model, converted)) {
        LanguageModel read = LanguageModel.open(backend, path, Optional.empty());
        Scorer scorer = new Scorer(backend, read.parameters(), 64);
        assertEquals(expected, scorer.score(List.of(PROBE)).getFirst().logProb(), 1e-4);
      }
      return LanguageModel.open(backend, model, Optional.empty()).config();
    }
  }

  @Test
  void theBaseOfAllOfThem() throws IOException {
    LlamaConfig config = assertLogProb(-5.2991, "hf-base");
    assertTrue(config.tiedHead());
  }

  @Test
  void aTableOfDivisorsThatNobodyPublishedIsComputed() throws IOException {
    assertLogProb(-5.2794, "g-ropefreqs-other-table.gguf");
  }

  @Test
  void codeLlamasLargerBaseMeansMorePositions() throws IOException {
    LlamaConfig config = assertLogProb(-5.7533, "meta-codellama");
    assertEquals(16_384, config.maxPositions());
    assertEquals(1_000_000, config.ropeBase());
  }

  @Test
  void aHeadInTheFileBeatsTheFlagThatDeniesIt() throws IOException {
    String name = "hf-tied-flag-other-head";
    LlamaConfig config = assertLogProb(-135.1803, name);
    assertFalse(config.tiedHead());
    try (StoredModel stored = ModelFormats.open(ForeignData.path("reports/" + name));
        StoredModel converted = ModelFormats.open(temporary.resolve("converted"))) {
      assertTrue(stored.warning().orElseThrow().contains("tie_word_embeddings is true"));
      assertEquals(Optional.empty(), converted.warning());
    }
  }
}
