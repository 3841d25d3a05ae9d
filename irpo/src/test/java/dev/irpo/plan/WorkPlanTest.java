package dev.irpo.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.PublishedModels;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is planned is what the CPU backend compiles and allocates, to the byte and the operation.
class WorkPlanTest {
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with("train.tokenBudget=512", "rollouts.slots=16", "rollouts.maxNewTokens=96");
  private static final WorkPlan.Longest LONGEST = new WorkPlan.Longest(40, 40 + 2 * 96);
  private static final Roofline.Device ANY = new Roofline.Device(1, 1, false);
  private static final Pattern TOTALS =
      Pattern.compile("operations, ([0-9.]+) MFLOP, (\\d+) bytes planned");

  @TempDir private Path folder;

  /// Counts what is allocated.
  private static final class Counting implements Backend {
    private final CpuBackend cpu = new CpuBackend(2);
    private long bytes;

    @Override
    public String name() {
      return cpu.name();
    }

    @Override
    public Buffer allocate(long numElements) {
      Buffer buffer = cpu.allocate(numElements);
      bytes += buffer.segment().byteSize();
      return buffer;
    }

    @Override
    public Program compile(Graph graph, Map<String, Buffer> variables, CompileOptions options) {
      return cpu.compile(graph, variables, options);
    }

    @Override
    public void close() {
      cpu.close();
    }
  }

  /// The totals of a listing.
  private record Described(double flops, long bytes) {
    static Described of(String listing) {
      Matcher totals = TOTALS.matcher(listing);
      assertTrue(totals.find(), listing);
      return new Described(
          Double.parseDouble(totals.group(1)) * 1e6, Long.parseLong(totals.group(2)));
    }
  }

  /// Listings round to 10,000 operations.
  private static void requireFlops(Described described, Roofline planned) {
    assertEquals(described.flops(), planned.flops(), 5001);
  }

  private static void requirePlanIsReality(LanguageModel model) {
    WorkPlan plan = WorkPlan.of(model.config(), CONFIG, LONGEST, 1);
    try (Counting backend = new Counting()) {
      Parameters parameters = Parameters.random(backend, model.config(), 1);
      assertEquals(backend.bytes, plan.bytes().get("weights"));

      backend.bytes = 0;
      Trainer<?> trainer = PreferenceTraining.trainer(CONFIG, backend, parameters, LONGEST.pair());
      assertEquals(backend.bytes, plan.bytes().get("gradients") + plan.bytes().get("optimizer"));
      Described step = Described.of(trainer.describe());
      assertEquals(step.bytes(), plan.bytes().get("activations"));
      assertEquals(step.bytes(), trainer.activationBytes(), "all programs share the largest one's");
      requireFlops(step, plan.programs().microBatch(0, ANY));

      backend.bytes = 0;
      Generator generator =
          new Generator(
              backend,
              parameters,
              DecodeLimits.of(16, 1, LONGEST.prompt(), CONFIG.rollouts().maxNewTokens()));
      assertEquals(backend.bytes, plan.bytes().get("key-value cache"));
      Described rows = Described.of(generator.mostRows().describe());
      assertEquals(rows.bytes(), plan.bytes().get("sampling"));
      requireFlops(rows, plan.programs().prefillStep(0, ANY));
      requireFlops(Described.of(generator.describe()), plan.programs().decodeStep(0, ANY));

      Scorer scorer = new Scorer(backend, parameters, plan.programs().scoreTokens());
      Described score = Described.of(scorer.describe());
      assertEquals(score.bytes(), plan.bytes().get("scoring"));
      requireFlops(score, plan.programs().scoreBatch(0, ANY));
    }
  }

  @Test
  void theDemosModelTakesWhatIsPlanned() throws IOException {
    Path demo = folder.resolve("demo");
    EmbeddedModel.copyTo(demo);
    try (Backend backend = new CpuBackend(1)) {
      requirePlanIsReality(TestData.open(backend, demo));
    }
  }

  @Test
  void aRealCheckpointTakesWhatIsPlanned() throws IOException {
    Path tokenizer = ForeignData.path("stories260K/tok512.model");
    try (Backend backend = new CpuBackend(1)) {
      requirePlanIsReality(LanguageModel.open(backend, TestData.stories(), Optional.of(tokenizer)));
    }
  }

  @Test
  void recomputationShrinksActivationsOfAModelOfABillionParameters() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=1024");
    long kept = WorkPlan.of(model, config, LONGEST, 1).bytes().get("activations");
    long recomputed =
        WorkPlan.of(model, config.with("train.recompute=true"), LONGEST, 1)
            .bytes()
            .get("activations");
    assertTrue(recomputed * 4 < kept, recomputed + " of " + kept);
  }

  @Test
  void aMicroBatchHoldsTheLongestPair() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig small = RunConfig.of(Preset.DEMO).with("train.tokenBudget=64");
    WorkPlan plan = WorkPlan.of(model, small, new WorkPlan.Longest(100, 700), 1);
    assertEquals(700, plan.programs().microTokens());
  }

  private static String wayOut(String model, String... settings) {
    RunConfig config = RunConfig.of(Preset.DEMO).with(settings);
    LlamaConfig sizes = PublishedModels.find(model).orElseThrow();
    return WorkPlan.of(sizes, config, LONGEST, 1).wayOut(20_000_000_000L);
  }

  @Test
  void waysOutAreSettingsThatHelp() {
    assertEquals(
        "train.recompute=true, or a smaller train.tokenBudget, or fewer rollouts.slots, or a"
            + " machine with more memory",
        wayOut("tinyllama-1.1b", "train.tokenBudget=1024"));
    assertEquals(
        "fewer rollouts.slots, or a machine with more memory",
        wayOut("tinyllama-1.1b", "train.tokenBudget=64", "train.recompute=true"));
    assertEquals(
        "a smaller model, or a machine with more than the 107.81 GB of weights, gradients and"
            + " optimizer",
        wayOut("llama-2-7b", "train.tokenBudget=64"));
  }

  @Test
  void enoughProcessesFitAndOneFewerDoNot() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=256");
    long available = 9_000_000_000L;
    int enough =
        Math.toIntExact(
            WorkPlan.of(model, config, LONGEST, 1).enoughProcesses(1, available).orElseThrow());
    assertTrue(enough > 1, "one would do");
    WorkPlan.of(model, config, LONGEST, enough).requireFits(available);
    assertTrue(
        WorkPlan.of(model, config, LONGEST, enough - 1).totalBytes() > available, "fewer do too");
    assertTrue(WorkPlan.of(model, config, LONGEST, 1).enoughProcesses(1, 1_000_000_000L).isEmpty());
  }
}
