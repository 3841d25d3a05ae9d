package dev.irpo.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.ModelFormats;
import dev.irpo.checkpoints.model.StoredModel;
import dev.irpo.checkpoints.model.TensorSummary;
import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A run that trains the last layer alone.
class PartialRunTest {
  private static final RunConfig CONFIG =
      SmallRun.CONFIG.with(
          "iterations=2",
          "train.parameters=layers:1",
          "train.evaluateEverySteps=2",
          "evaluate.majoritySamples=0");
  private static final String LAST_LAYER = "model.layers.1.";

  @TempDir private Path temporary;

  private static List<TensorSummary> tensors(Path model) throws IOException {
    try (StoredModel stored = ModelFormats.open(model)) {
      return stored.summaries();
    }
  }

  private static String format(Path model) throws IOException {
    return ModelFormats.of(model).name();
  }

  @Test
  void everyModelIsWholeAndHasTheStartModelsBitsInTheRest() throws IOException {
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = SmallRun.begin(CONFIG, backend, temporary.resolve("run"));
      new IterationLoop(CONFIG, folder, backend, Progress.NONE).run();
      List<TensorSummary> before = tensors(folder.model(0));
      for (int iteration = 1; iteration <= 2; iteration++) {
        assertEquals("ARROW", format(folder.model(iteration)));
        List<TensorSummary> after = tensors(folder.model(iteration));
        assertEquals(before.size(), after.size());
        for (int i = 0; i < before.size(); i++) {
          String name = before.get(i).name();
          boolean isTrained = name.startsWith(LAST_LAYER);
          assertEquals(!isTrained, before.get(i).equals(after.get(i)), name);
        }
        before = after;
        Path first = folder.training(iteration).checkpoint(2);
        assertEquals("ARROW_PART", format(first));
        try (StoredModel own = ModelFormats.openWithoutBase(first)) {
          assertTrue(own.tensors().keySet().stream().allMatch(n -> n.startsWith(LAST_LAYER)));
        }
        assertTrue(Files.exists(folder.heldOut(iteration, 2)));
      }
      int last = folder.retraining(2).lastStep().orElseThrow();
      assertEquals(before, tensors(folder.retraining(2).checkpoint(last)));
    }
  }

  @Test
  void aCheckpointOfARunWhoseStartChangedIsRefused() throws IOException {
    RunConfig config = CONFIG.with("iterations=1");
    try (Backend backend = new CpuBackend(2)) {
      RunFolder folder = SmallRun.begin(config, backend, temporary.resolve("run"));
      new IterationLoop(config, folder, backend, Progress.NONE).run();
      delete(folder.model(1));
      Files.move(folder.startModel(), temporary.resolve("before"));
      TestData.tinyModel(backend, 250).save(folder.startModel());
      Path checkpoint = folder.training(1).checkpoint(2);
      String refusal =
          assertThrows(IllegalArgumentException.class, () -> ModelFormats.open(checkpoint))
              .getMessage();
      assertTrue(refusal.startsWith(checkpoint.resolve("base.json") + ": "), refusal);
      assertTrue(refusal.contains("model-0"), refusal);
      IterationLoop loop = new IterationLoop(config, folder, backend, Progress.NONE);
      String resumed = assertThrows(IllegalArgumentException.class, loop::run).getMessage();
      assertTrue(resumed.contains("base.json"), resumed);
      assertFalse(Files.exists(folder.model(1)));
    }
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
