package dev.irpo.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.irpo.TestData;
import dev.irpo.checkpoints.model.ConvertedContent;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.distributed.Group;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.Backends;
import dev.irpo.model.LanguageModel;
import dev.irpo.model.PublishedModels;
import dev.irpo.pair.PreferencePair;
import dev.irpo.run.RunFolder;
import dev.irpo.run.RunStages;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.CompileOptions;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.testdata.ForeignData;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What is planned is what the CPU backend compiles and allocates, to the byte and the operation.
class MemoryNeedTest {
  private static final RunConfig CONFIG =
      RunConfig.of(Preset.DEMO)
          .with("train.tokenBudget=512", "rollouts.slots=16", "rollouts.maxNewTokens=96");
  private static final Longest LONGEST = new Longest(40, 40 + 96, 40 + 2 * 96);
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
      return allocate(DType.F32, numElements);
    }

    @Override
    public Buffer allocate(DType type, long numElements) {
      Buffer buffer = cpu.allocate(type, numElements);
      bytes += buffer.segment().byteSize();
      return buffer;
    }

    @Override
    public BackendTraits traits() {
      return cpu.traits();
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

  /// Prompts as long as the longest, in each split.
  private static Map<Split, PromptCounts> splits() {
    Map<Split, PromptCounts> splits = new EnumMap<>(Split.class);
    int response = (LONGEST.pair() - LONGEST.prompt()) / 2;
    for (Split split : Split.values()) {
      splits.put(split, new PromptCounts(1, 0, LONGEST.prompt(), response, LONGEST, 1, response));
    }
    return splits;
  }

  private static MemoryNeed need(LlamaConfig model, RunConfig config, int processes) {
    return need(new RunPrograms(model, config, LONGEST, processes), config);
  }

  private static MemoryNeed need(RunPrograms programs, RunConfig config) {
    try (Backend backend = new CpuBackend(1)) {
      return need(programs, config, backend);
    }
  }

  private static MemoryNeed need(RunPrograms programs, RunConfig config, Backend backend) {
    StageCosts costs = new StageCosts(config, programs, splits(), Roofline.Device.ANY);
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    splits().keySet().forEach(split -> problems.put(split, 1));
    return new RunStages(config, new RunFolder(Path.of("")), problems)
        .plan(costs, backend)
        .memory();
  }

  @Test
  void aDeviceNeedsNothingOfTheHostForWhatIsNotTrainedAndWhatProgramsCompute() {
    RunConfig config = CONFIG.with("compute.backend=tornado", "adapter.rank=2");
    LlamaConfig sizes =
        AdaptedModel.sizes(PublishedModels.find("llama-2-7b").orElseThrow(), config);
    RunPrograms programs = new RunPrograms(sizes, DType.BF16, config, LONGEST, 1);
    try (Backend device = Backends.forPlanning(config.compute())) {
      Map<Purpose, Long> onDevice = need(programs, config, device).bytes();
      assertEquals(
          Set.of(
              Purpose.WEIGHTS,
              Purpose.GRADIENTS,
              Purpose.OPTIMIZER,
              Purpose.ROLLOUTS,
              Purpose.JAVA),
          onDevice.keySet());
      Map<Purpose, Long> cpu = new HashMap<>(need(programs, config).bytes());
      cpu.keySet().retainAll(onDevice.keySet());
      assertEquals(cpu, onDevice);
    }
  }

  private static long cacheBytes(LlamaConfig model, String... settings) {
    return new RunPrograms(model, CONFIG.with(settings), LONGEST).sampling().cacheBytes();
  }

  @Test
  void aDeviceKeepsKeysAndValuesThatAreNumbersOfBfloat16InHalfOfTheMemory() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    long single = cacheBytes(model);
    assertEquals(single, cacheBytes(model, "train.precision=bf16"));
    assertEquals(single, cacheBytes(model, "compute.backend=tornado"));
    assertEquals(single, 2 * cacheBytes(model, "train.precision=bf16", "compute.backend=tornado"));
  }

  private static Roofline roofline(Compilation program) {
    return Roofline.of(List.of(program), 0, Roofline.Device.ANY);
  }

  private static void requirePlanIsReality(LanguageModel model, RunConfig config) {
    requirePlanIsReality(model, DType.F32, config);
  }

  /// @param stored type of the model's tensors
  private static void requirePlanIsReality(LanguageModel model, DType stored, RunConfig config) {
    LlamaConfig sizes = model.config();
    RunPrograms programs = new RunPrograms(sizes, stored, config, LONGEST, 1);
    Map<Purpose, Long> plan = need(programs, config).bytes();
    try (Counting backend = new Counting()) {
      Replicas replicas = PlannedGroup.replicas(config, 1);
      Parameters parameters =
          Parameters.map(
              backend,
              sizes,
              "model",
              model.storedTensors().stream()
                  .map(tensor -> ConvertedContent.of(tensor, stored))
                  .toList(),
              Arena.ofAuto(),
              replicas.model(),
              PreferenceTraining.changing(config, backend, replicas, sizes),
              PreferenceTraining.precision(config));
      long weights = backend.bytes;

      backend.bytes = 0;
      Trainer<?> trainer =
          PreferenceTraining.trainer(config, backend, Group.alone(), parameters, LONGEST.pair());
      long masters = trainer.parameterBytes();
      assertEquals(weights + masters, plan.get(Purpose.WEIGHTS));
      assertEquals(
          backend.bytes - masters, plan.get(Purpose.GRADIENTS) + plan.get(Purpose.OPTIMIZER));
      Described step = Described.of(trainer.describe());
      assertEquals(step.bytes(), plan.get(Purpose.ACTIVATIONS));
      assertEquals(step.bytes(), trainer.activationBytes(), "all programs share the largest one's");
      requireFlops(step, roofline(programs.training().microBatch()));

      backend.bytes = 0;
      Generator generator =
          new Generator(
              backend,
              parameters,
              DecodeLimits.of(16, 1, LONGEST.prompt(), config.rollouts().maxNewTokens()));
      assertEquals(backend.bytes, plan.get(Purpose.CACHE));
      assertEquals(generator.activationBytes(), plan.get(Purpose.SAMPLING));
      Described rows = Described.of(generator.mostRows().describe());
      assertTrue(rows.bytes() <= plan.get(Purpose.SAMPLING));
      requireFlops(rows, roofline(programs.sampling().prefill()));
      requireFlops(Described.of(generator.describe()), roofline(programs.sampling().token()));

      Scorer scorer = new Scorer(backend, parameters, programs.scoring().tokens());
      Described score = Described.of(scorer.describe());
      assertEquals(score.bytes(), plan.get(Purpose.SCORING));
      requireFlops(score, roofline(programs.scoring().batch()));
    }
  }

  @Test
  void theDemosModelTakesWhatIsPlanned() throws IOException {
    Path demo = folder.resolve("demo");
    EmbeddedModel.copyTo(demo);
    try (Backend backend = new CpuBackend(1)) {
      LanguageModel model = TestData.open(backend, demo);
      requirePlanIsReality(model, CONFIG);
      requirePlanIsReality(model, CONFIG.with("train.parameters=layers:1"));
      requirePlanIsReality(model, DType.BF16, CONFIG.with("train.parameters=head"));
      TestData.round(model, DType.BF16);
      requirePlanIsReality(model, CONFIG.with("train.precision=bf16"));
      requirePlanIsReality(model, CONFIG.with("train.precision=bf16", "train.parameters=layers:1"));
    }
  }

  /// Slices of columns are copies.
  @Test
  void eachOfTheProcessesThatHoldAModelTogetherTakesWhatIsPlanned() {
    RunConfig config = CONFIG.with("train.parameters=head", "compute.tensorParallel=2");
    try (Backend cpu = new CpuBackend(1)) {
      LanguageModel model = TestData.tinyModel(cpu);
      Replicas replicas = PlannedGroup.replicas(config, 2);
      long bytes =
          Parameters.bytesToMap(
              cpu,
              model.config(),
              model.storedTensors(),
              replicas.model(),
              PreferenceTraining.changing(config, cpu, replicas, model.config()),
              DType.F32);
      assertEquals(bytes, need(model.config(), config, 2).bytes().get(Purpose.WEIGHTS));
      assertTrue(bytes > Float.BYTES * model.config().tableShape().numElements());
    }
  }

  @Test
  void aRealCheckpointTakesWhatIsPlanned() throws IOException {
    Path tokenizer = ForeignData.path("stories260K/tok512.model");
    try (Backend backend = new CpuBackend(1)) {
      requirePlanIsReality(
          LanguageModel.open(backend, TestData.stories(), Optional.of(tokenizer)), CONFIG);
    }
  }

  @Test
  void recomputationShrinksActivationsOfAModelOfABillionParameters() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=1024");
    long kept = need(model, config, 1).bytes().get(Purpose.ACTIVATIONS);
    long recomputed =
        need(model, config.with("train.recompute=true"), 1).bytes().get(Purpose.ACTIVATIONS);
    assertTrue(recomputed * 4 < kept, recomputed + " of " + kept);
  }

  @Test
  void aTrainingUnderAFrozenHeadPlansNoneOfItsGradient() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig config = RunConfig.of(Preset.DEMO).with("train.tokenBudget=256");
    Map<Purpose, Long> head = need(model, config.with("train.parameters=head"), 1).bytes();
    Map<Purpose, Long> layer = need(model, config.with("train.parameters=layers:1"), 1).bytes();
    long ofHead = Float.BYTES * model.tableShape().numElements();
    assertEquals(ofHead, head.get(Purpose.GRADIENTS));
    assertEquals(2 * ofHead, head.get(Purpose.OPTIMIZER));
    assertTrue(layer.get(Purpose.ACTIVATIONS) < ofHead, layer + " against " + ofHead);
  }

  @Test
  void aMicroBatchHoldsTheLongestPair() {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig small = RunConfig.of(Preset.DEMO).with("train.tokenBudget=64");
    RunPrograms programs = new RunPrograms(model, small, new Longest(100, 400, 700));
    assertEquals(700, programs.training().tokens());
  }

  @Test
  void aMicroBatchOfALossThatReadsOneResponseHoldsTheLongestText() {
    RunConfig sft = CONFIG.with("train.tokenBudget=16", "loss.kind=sft");
    PreferencePair pair =
        new PreferencePair("p", 0, 1, new int[40], new int[50], new int[96], 0, 0);
    assertEquals(90, PreferenceTraining.largest(sft, List.of(pair)), "the chosen one is read");
    assertEquals(186, PreferenceTraining.largest(CONFIG, List.of(pair)));
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunPrograms programs = new RunPrograms(model, sft, LONGEST);
    assertEquals(40 + 96, programs.training().tokens());
  }

  private static String wayOut(String model, String... settings) {
    RunConfig config = RunConfig.of(Preset.DEMO).with(settings);
    LlamaConfig sizes = PublishedModels.find(model).orElseThrow();
    return need(sizes, config, 1).wayOut(20_000_000_000L);
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

  /// As many models as are enough; all processes of each count.
  @ParameterizedTest
  @CsvSource({"1, 12000000000", "2, 8000000000", "4, 5500000000"})
  void enoughProcessesFitAndOneModelFewerDoesNot(int ofModel, long available) {
    LlamaConfig model = PublishedModels.find("tinyllama-1.1b").orElseThrow();
    RunConfig config =
        RunConfig.of(Preset.DEMO)
            .with("train.tokenBudget=256", "compute.tensorParallel=" + ofModel);
    for (int planned : new int[] {ofModel, 2 * ofModel}) {
      MemoryNeed need = need(model, config, planned);
      int enough = Math.toIntExact(need.enoughProcesses(planned, ofModel, available).orElseThrow());
      assertEquals(0, enough % ofModel);
      assertTrue(enough > ofModel, "one model would do");
      need(model, config, enough).requireFits(available);
      long fewer = need(model, config, enough - ofModel).totalBytes();
      assertTrue(fewer > available, "fewer do too");
    }
    assertTrue(
        need(model, config, ofModel).enoughProcesses(ofModel, ofModel, 1_000_000_000L).isEmpty());
  }
}
