package dev.irpo.check;

import dev.irpo.check.CheckRow.Outcome;
import dev.irpo.check.CheckRow.Timed;
import dev.irpo.check.DeviceRates.Roof;
import dev.irpo.check.step.SamplingWork;
import dev.irpo.check.step.StepShape;
import dev.irpo.check.step.TrainingWork;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.StepPrograms;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.Compilation;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.SamplingSettings;
import java.util.ArrayList;
import java.util.List;

/// Times a decode step and a training step of the model with random weights, all that the host does
/// for them included, and compares them with the least time of all their kernels.
record StepRates(CheckTarget target, Roof roof) {
  private static final int PROMPTS = 4;
  private static final int PROMPT_TOKENS = 16;
  private static final int LEAST_NEW_TOKENS = 6;
  private static final int MOST_NEW_TOKENS = 64;
  private static final int SEGMENT_TOKENS = 64;
  private static final int LEAST_SEGMENT_TOKENS = 8;

  /// Runs of a step that its time is enough for.
  private static final int RUNS = 4;

  void time(CheckRows rows) {
    StepModel model = StepModel.within(target.limits().stepBytes(), target.model());
    decode(rows, model);
    train(rows, model);
  }

  private void decode(CheckRows rows, StepModel model) {
    LlamaConfig config = model.config();
    double flopsPerToken = 2.0 * config.numParameters();
    int slots = target.limits().timedSlots();
    while (slots > PROMPTS && secondsOf(slots * LEAST_NEW_TOKENS * flopsPerToken) > limit()) {
      slots /= 2;
    }
    int samples = Math.max(1, slots / PROMPTS);
    double seconds = secondsOf(PROMPTS * samples * flopsPerToken);
    if (!Double.isNaN(roof.bytesPerSecond())) {
      seconds = Math.max(seconds, Float.BYTES * config.numParameters() / roof.bytesPerSecond());
    }
    int most = Math.min(MOST_NEW_TOKENS, config.maxPositions() - PROMPT_TOKENS);
    int newTokens =
        (int) Math.max(Math.min(LEAST_NEW_TOKENS, most), Math.min(most, limit() / seconds));
    String sizes = "%s, %d responses of %d tokens".formatted(model, PROMPTS * samples, newTokens);
    rows.attempt("decode step", sizes, () -> decoded(config, samples, newTokens));
  }

  private Outcome decoded(LlamaConfig config, int samples, int newTokens) {
    try (Backend backend = target.start()) {
      Parameters parameters = TrainingWork.randomModel(backend, config);
      List<int[]> prompts = new ArrayList<>();
      for (int i = 0; i < PROMPTS; i++) {
        prompts.add(TrainingWork.tokens(config, PROMPT_TOKENS, i));
      }
      SamplingSettings settings = new SamplingSettings(0.8, 0, 1, newTokens, List.of());
      SamplingWork work = new SamplingWork(backend, parameters, prompts, samples, settings);
      int slots = PROMPTS * samples;
      List<Double> seconds = new ArrayList<>();
      MedianTime runs =
          MedianTime.of(
              target.limits().stepTime(), () -> seconds.add(slots * work.secondsOfToken()));
      MedianTime time =
          MedianTime.of(seconds.subList(seconds.size() - runs.runs(), seconds.size()));
      DecodeLimits limits = DecodeLimits.of(slots, samples, PROMPT_TOKENS, newTokens);
      double keys = PROMPT_TOKENS + newTokens / 2.0;
      boolean rounds = backend.traits().roundsWeights();
      return timed(time, StepPrograms.decoding(config, limits), keys, rounds);
    }
  }

  private void train(CheckRows rows, StepModel model) {
    LlamaConfig config = model.config();
    int segment = Math.min(SEGMENT_TOKENS, config.maxPositions() / 2);
    int budget = target.limits().timedRows();
    double flopsPerRow = 6.0 * config.numParameters();
    while (budget > 3 * LEAST_SEGMENT_TOKENS && secondsOf(budget * flopsPerRow) > limit()) {
      budget /= 2;
    }
    int tokens = Math.min(segment, budget / 3);
    StepShape shape = new StepShape(budget / (3 * tokens), tokens, tokens, budget, false);
    String sizes = "%s, %d pairs in %d rows".formatted(model, shape.pairs(), budget);
    rows.attempt("training step", sizes, () -> trained(config, shape));
  }

  private Outcome trained(LlamaConfig config, StepShape shape) {
    try (Backend backend = target.start()) {
      TrainingWork work = new TrainingWork(backend, config, shape);
      MedianTime time = MedianTime.of(target.limits().stepTime(), work::step);
      // of a prompt's and two responses' rows, the latter meeting the prompt's keys too
      double keys = (0.5 + 1.5 + 1.5) / 3 * shape.promptTokens();
      return timed(
          time, StepPrograms.training(config, TrainingWork.settings(shape)).step(), keys, false);
    }
  }

  private Outcome timed(
      MedianTime time, List<Compilation> programs, double keys, boolean roundsWeights) {
    Roofline least =
        Roofline.of(
            programs,
            keys,
            new Roofline.Device(roof.flopsPerSecond(), roof.bytesPerSecond(), roundsWeights));
    return new Timed(
        time.seconds(), least.flops(), least.bytes(), least.seconds() / time.seconds());
  }

  /// As far as that is known; a device of unknown rate gets as little as the reference in a second.
  private double secondsOf(double flops) {
    double rate = roof.flopsPerSecond();
    return flops / (Double.isNaN(rate) ? target.limits().referenceFlops() : rate);
  }

  /// Of one run.
  private double limit() {
    return target.limits().stepTime().seconds() / RUNS;
  }
}
