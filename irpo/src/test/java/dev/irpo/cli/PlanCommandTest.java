package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.PublishedModels;
import dev.irpo.run.WorkPlan;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
  @TempDir private Path folder;

  @Test
  void plannedBytesAreThoseThatTheCpuAllocates() {
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=256");
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel tiny = TestData.tinyModel(backend);
      WorkPlan plan = WorkPlan.of(tiny.config(), config, 40, 1);
      Trainer trainer = PreferenceTraining.trainer(config, backend, tiny.parameters(), 40);
      long all = trainer.programBytes();
      assertEquals(trainer.activationBytes(), plan.bytes().get("activations"));
      assertEquals(all - trainer.activationBytes(), plan.smallerBatchBytes());
      assertEquals(tiny.parameters().flat().segment().byteSize(), plan.bytes().get("weights"));
      assertEquals(
          2 * trainer.optimizer().mean().segment().byteSize(), plan.bytes().get("optimizer"));
    }
  }

  @Test
  void recomputationShrinksActivationsOfAModelOfABillionParameters() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=1024");
    long kept = WorkPlan.of(model, config, 40, 1).bytes().get("activations");
    long recomputed =
        WorkPlan.of(model, config.with("train.recompute=true"), 40, 1).bytes().get("activations");
    assertTrue(recomputed * 4 < kept, recomputed + " of " + kept);
  }

  @Test
  void processesShareGradientsAndOptimizerState() {
    LlamaConfig model = PublishedModels.find("llama-2-70b").orElseThrow();
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=64");
    WorkPlan one = WorkPlan.of(model, config, 40, 1);
    WorkPlan eight = WorkPlan.of(model, config, 40, 8);
    assertEquals(one.bytes().get("gradients"), 8 * eight.bytes().get("gradients"));
    assertEquals(one.bytes().get("optimizer"), 8 * eight.bytes().get("optimizer"));
    assertEquals(one.bytes().get("weights"), eight.bytes().get("weights"));
  }

  @Test
  void aPlanNamesItsPurposesAndTheRateItWasGiven() {
    CommandLineRun run =
        CommandLineRun.of(
            "",
            "plan",
            "--model",
            "llama-2-7b",
            "--gflops",
            "100",
            "--gbytes",
            "20",
            "--set",
            "train.tokenBudget=64");
    run.requireSuccess();
    for (String fact : new String[] {"6.74 billion", "26.95 GB", "optimizer", "as given"}) {
      assertTrue(run.out().contains(fact), run.out());
    }
    CommandLineRun.of("", "plan", "--gflops", "100").requireRefused("--gbytes", "0.0");
    CommandLineRun.of("", "plan", "--processes", "0").requireRefused("--processes is 0");
  }

  private Path tiny() throws IOException {
    Path model = folder.resolve("model");
    try (Backend backend = new CpuBackend(1)) {
      TestData.tinyModel(backend).save(model);
    }
    return model;
  }

  @Test
  void whatCannotFitIsRefusedBeforeAnythingIsWritten() throws IOException {
    Path out = folder.resolve("out");
    CommandLineRun.of(
            "",
            "run",
            "--model",
            tiny(),
            "--out",
            out,
            "--set",
            "preset=demo",
            "--set",
            "rollouts.slots=65536",
            "--set",
            "rollouts.maxNewTokens=200",
            "--set",
            "train.tokenBudget=4194304")
        .requireRefused("memory: needs", "key-value cache", "activations", "train.recompute");
    assertFalse(Files.exists(out));
  }

  @Test
  void aDryRunPrintsThePlanAndWritesNothing() throws IOException {
    Path out = folder.resolve("out");
    CommandLineRun run =
        CommandLineRun.of(
            "", "run", "--dry-run", "--model", tiny(), "--out", out, "--set", "preset=demo");
    run.requireSuccess();
    assertTrue(run.out().contains("nothing was computed or written"), run.out());
    assertTrue(run.out().lines().anyMatch(line -> line.matches("  rollouts +4800")), run.out());
    assertTrue(run.out().lines().anyMatch(line -> line.matches("train +600 .*")), run.out());
    assertFalse(Files.exists(out));
  }
}
