package dev.irpo.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.arrow.ArrowModelWriter;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.tensor.reference.ReferenceBackend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.train.SupervisedTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A command that samples, scores or trains counts what a run counts.
class CommandMemoryTest {
  private static final RunConfig CONFIG = RunConfig.of(Preset.DEMO).with("train.tokenBudget=512");
  private static final DecodeLimits LIMITS = DecodeLimits.of(16, 1, 40, 96);

  @TempDir private Path folder;
  private final Backend cpu = new CpuBackend(1);
  private final LanguageModel tiny = TestData.tinyModel(cpu);
  private final LlamaConfig sizes = tiny.config();

  @AfterEach
  void close() {
    cpu.close();
  }

  private static long bytes(MemoryNeed need, Purpose purpose) {
    return need.bytes().getOrDefault(purpose, 0L);
  }

  private MemoryNeed sampling(Backend backend, Path path) throws IOException {
    long weights;
    try (StoredModel stored = ModelFormats.open(path)) {
      weights = Parameters.bytesToMap(backend, sizes, stored.tensors().values());
    }
    LanguageModel mapped = LanguageModel.map(backend, path, Optional.empty());
    return CommandMemory.of(backend, mapped.parameters(), weights)
        .sampling(LIMITS, "--slots", "--max-new-tokens");
  }

  @Test
  void samplingCountsJavaAndPackedCopiesAsARunDoes() throws IOException {
    tiny.save(folder.resolve("f32"));
    MemoryNeed need = sampling(cpu, folder.resolve("f32"));
    RunConfig run = CONFIG.with("rollouts.slots=16", "rollouts.maxNewTokens=96");
    RunPrograms programs = new RunPrograms(sizes, run, new Longest(40, 136, 232));
    MemoryNeed planned =
        MemoryNeed.of(run, programs, List.of(programs.sampling().addTo(Cost.NONE)), cpu);
    for (Purpose purpose :
        new Purpose[] {Purpose.SAMPLING, Purpose.CACHE, Purpose.COPIES, Purpose.JAVA}) {
      assertEquals(bytes(planned, purpose), bytes(need, purpose), purpose::toString);
      assertTrue(bytes(need, purpose) > 0, purpose::toString);
    }
    long vectors = (2L * sizes.numLayers() + 1) * sizes.embedDim() * Float.BYTES;
    assertEquals(vectors, bytes(need, Purpose.WEIGHTS), "matrices lie in their file");
  }

  @Test
  void weightsOf16BitsAreNotPackedAndOthersAreLoadedWhereNoMapIsRead() throws IOException {
    tiny.save(folder.resolve("f32"));
    Path half = folder.resolve("half");
    try (StoredModel stored = ModelFormats.open(folder.resolve("f32"))) {
      ArrowModelWriter.convertingTo(DType.BF16).write(half, stored, _ -> {});
    }
    assertFalse(sampling(cpu, half).bytes().containsKey(Purpose.COPIES));
    try (Backend reference = ReferenceBackend.inSinglePrecision()) {
      assertEquals(
          tiny.parameters().layout().numElements() * Float.BYTES,
          bytes(sampling(reference, half), Purpose.WEIGHTS));
    }
  }

  @Test
  void whatDoesNotFitIsRefusedWithEveryPurposeAndTheOptionsThatHelp() throws IOException {
    tiny.save(folder.resolve("f32"));
    MemoryNeed need = sampling(cpu, folder.resolve("f32"));
    need.requireFits(need.totalBytes());
    String refusal =
        assertThrows(IllegalArgumentException.class, () -> need.requireFits(need.totalBytes() - 1))
            .getMessage();
    for (String fact :
        new String[] {
          "weights", "sampling", "key-value cache", "copies of weights", "Java 190.00 MB"
        }) {
      assertTrue(refusal.contains(fact), refusal);
    }
    assertTrue(
        refusal.endsWith(
            "use fewer --slots, or fewer --max-new-tokens, or a machine with more memory"),
        refusal);
    assertEquals(
        "a smaller model, or a machine with more than the 1 B of weights",
        CommandMemory.ofWeights(cpu, 1).wayOut(1));
  }

  /// Of so many models in single precision.
  private CommandMemory loaded(int models) {
    OutlineBackend outline = new OutlineBackend();
    Parameters parameters = Parameters.allocate(outline, sizes);
    return CommandMemory.of(cpu, parameters, models * outline.allocatedBytes());
  }

  @Test
  void scoringGrowsWithTheMicroBatch() {
    CommandMemory memory = loaded(1);
    assertTrue(
        bytes(memory.scoring(128), Purpose.SCORING) < bytes(memory.scoring(256), Purpose.SCORING));
  }

  @Test
  void aTrainingCountsItsReferenceItsScoringAndItsOwnLoss() {
    MemoryNeed pairs =
        loaded(1).training(CONFIG, Group.alone(), PreferenceTraining::trainer, 1, false);
    MemoryNeed withReference =
        loaded(2).training(CONFIG, Group.alone(), PreferenceTraining::trainer, 1, true);
    assertEquals(2 * bytes(pairs, Purpose.WEIGHTS), bytes(withReference, Purpose.WEIGHTS));
    assertEquals(bytes(pairs, Purpose.ACTIVATIONS), bytes(withReference, Purpose.ACTIVATIONS));
    assertEquals(0, bytes(pairs, Purpose.SCORING));
    assertTrue(bytes(withReference, Purpose.SCORING) > 0);
    MemoryNeed longer =
        loaded(1).training(CONFIG, Group.alone(), PreferenceTraining::trainer, 1024, false);
    assertTrue(bytes(pairs, Purpose.ACTIVATIONS) < bytes(longer, Purpose.ACTIVATIONS));
    MemoryNeed sft =
        loaded(1).training(CONFIG, Group.alone(), SupervisedTraining::trainer, 1, false);
    assertTrue(bytes(sft, Purpose.ACTIVATIONS) < bytes(pairs, Purpose.ACTIVATIONS));
  }
}
