package dev.irpo.benchmarks.steps;

import dev.irpo.check.step.SamplingWork;
import dev.irpo.check.step.StepShape;
import dev.irpo.check.step.TrainingWork;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.SamplingSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/// What `bin/irpo bench steps` measures, each in a JVM of its own.
enum StepRow {
  /// A square product.
  PRODUCT(s -> new ProductWork(2048, 2048, 2048).time(s, ProductWork.Form.LINEAR)),
  /// The products of a training step of S.
  PRODUCTS_S(s -> products(ModelSize.S, s)),
  /// The products of a training step of M.
  PRODUCTS_M(s -> products(ModelSize.M, s)),
  /// The products of a training step of L.
  PRODUCTS_L(s -> products(ModelSize.L, s)),
  /// A training step of S.
  STEP_S(s -> step(ModelSize.S, s)),
  /// A training step of M.
  STEP_M(s -> step(ModelSize.M, s)),
  /// A training step of L.
  STEP_L(s -> step(ModelSize.L, s)),
  /// Two prompts, thirty samples of each, from S.
  SAMPLE_S(s -> sample(ModelSize.S, s)),
  /// The same from M.
  SAMPLE_M(s -> sample(ModelSize.M, s)),
  /// One response of M.
  DECODE_M(StepRow::decode),
  /// One response of stories260K, one thread.
  DECODE_STORIES(StepRow::decodeStories),
  /// The version.
  START(StepRow::start),
  /// The first token of stories260K.
  FIRST_TOKEN(StepRow::firstToken);

  private static final int SAMPLES = 30;
  private static final int PROMPTS = 2;
  private static final int SAMPLED_TOKENS = 64;
  private static final int DECODED_TOKENS = 200;
  private static final String STORIES = "stories260K.bin";
  private static final String TOKENS = "tok512.model";
  private static final String NO_STORIES =
      "give --stories, a folder with " + STORIES + " and " + TOKENS;

  /// What a row runs with.
  ///
  /// @param repeats runs at least
  /// @param irpo the script
  /// @param stories folder with stories260K
  record Setting(
      CpuBackend backend, Report report, int repeats, Path irpo, Optional<Path> stories) {
    StepTimes times() {
      return new StepTimes(report, repeats);
    }
  }

  /// Checks, times and reports.
  @FunctionalInterface
  private interface Work {
    void run(Setting s) throws IOException;
  }

  @SuppressWarnings("ImmutableEnumChecker") // lambdas without a state
  private final Work work;

  StepRow(Work work) {
    this.work = work;
  }

  void run(Setting s) throws IOException {
    work.run(s);
  }

  /// Whether it reports a figure for each of several pieces of work.
  boolean hasSeveralFigures() {
    return switch (this) {
      case PRODUCTS_S, PRODUCTS_M, PRODUCTS_L -> true;
      default -> false;
    };
  }

  private static void decode(Setting s) {
    ModelSize size = ModelSize.M;
    Parameters parameters = TrainingWork.randomModel(s.backend, size.config());
    SamplingSettings settings = SamplingSettings.greedy(DECODED_TOKENS, List.of());
    SamplingWork work = new SamplingWork(s.backend, parameters, prompts(size, 1), 1, settings);
    s.times().ofDecoding("decoding M, one sequence", work);
  }

  private static void decodeStories(Setting s) throws IOException {
    String what = "decoding stories260K, one sequence, one thread";
    if (s.stories.isEmpty()) {
      s.report.skipped(what, NO_STORIES);
      return;
    }
    try (Backend single = new CpuBackend(1)) {
      Path folder = s.stories.get();
      LanguageModel model =
          LanguageModel.map(single, folder.resolve(STORIES), Optional.of(folder.resolve(TOKENS)));
      SamplingSettings settings = SamplingSettings.greedy(DECODED_TOKENS, List.of());
      List<int[]> prompts = List.of(model.text().promptIds(""));
      SamplingWork work = new SamplingWork(single, model.parameters(), prompts, 1, settings);
      s.times().ofDecoding(what, work);
    }
  }

  private static void start(Setting s) {
    String what = "bin/irpo --version, whole process";
    new StartWork(s.irpo).time(s.report, what, s.repeats, "", "irpo ", List.of("--version"));
  }

  private static void firstToken(Setting s) {
    String what = "first token of stories260K, whole process";
    if (s.stories.isEmpty()) {
      s.report.skipped(what, NO_STORIES);
      return;
    }
    String model = s.stories.get().resolve(STORIES).toString();
    String tokens = s.stories.get().resolve(TOKENS).toString();
    new StartWork(s.irpo)
        .time(
            s.report,
            what,
            s.repeats,
            "{\"prompt\":\"\"}\n",
            "{\"prompt\":0,\"sample\":0,\"ids\":[",
            List.of("sample", "--model", model, "--tokenizer", tokens, "--max-new-tokens", "1"));
  }

  private static void products(ModelSize size, Setting s) {
    for (ProductWork product : ProductWork.ofStep(size)) {
      for (ProductWork.Form form : ProductWork.Form.values()) {
        product.time(s, form);
      }
    }
  }

  private static void step(ModelSize size, Setting s) {
    StepShape shape = size.step();
    String what = "training step %s, %d pairs".formatted(size, shape.pairs());
    s.times().ofPairs(what, new TrainingWork(s.backend, size.config(), shape));
  }

  private static void sample(ModelSize size, Setting s) {
    Parameters parameters = TrainingWork.randomModel(s.backend, size.config());
    SamplingSettings settings = new SamplingSettings(0.8, 0, 1, SAMPLED_TOKENS, List.of());
    s.times()
        .ofSampling(
            "sampling %s, 2 × 30 × 64".formatted(size),
            new SamplingWork(s.backend, parameters, prompts(size, PROMPTS), SAMPLES, settings));
  }

  private static List<int[]> prompts(ModelSize size, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> TrainingWork.tokens(size.config(), size.promptTokens(), 5 + i))
        .toList();
  }

  /// As the user writes it.
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
