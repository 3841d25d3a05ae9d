package dev.irpo.cli;

import dev.irpo.check.TrainingShare;
import dev.irpo.check.step.StepShape;
import dev.irpo.config.ComputeSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.plan.Machine;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.StageCosts;
import dev.irpo.run.Progress;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;
import java.util.Locale;

/// Rates that times are planned with.
///
/// @param source where they come from
record Rates(Roofline.Device device, String source) {
  /// Those of this machine, in half a second.
  static Rates measured(ComputeSettings compute) {
    try (Backend backend = BackendStart.of(compute)) {
      String source =
          "measured here on %s with products of 256 rows and of 1".formatted(backend.name());
      return new Rates(Machine.measure(backend), source);
    }
  }

  /// What each of several processes has of this machine's while all of them compute.
  static Rates measuredBy(int processes, RunConfig config) {
    Rates all = measured(ofAll(processes, config));
    Roofline.Device device = all.device;
    return new Rates(
        new Roofline.Device(
            device.flopsPerSecond() / processes,
            device.bytesPerSecond() / processes,
            device.roundsWeights()),
        all.source);
  }

  private static ComputeSettings ofAll(int processes, RunConfig config) {
    int threads = config.compute().threads() * processes; // 0: all that there are
    return config.with("compute.threads=" + threads).compute();
  }

  /// The share of a process's rates that several processes reach in a training step while all of
  /// them compute, measured with all threads.
  static double shareReachedBy(
      int processes,
      RunConfig config,
      LlamaConfig model,
      PromptCounts prompts,
      Roofline.Device ofProcess) {
    int models = Math.max(1, processes / config.compute().tensorParallel());
    int pairs = models * Math.ceilDiv(config.train().batchSize(), models); // none is divided
    int promptTokens = (int) Math.ceil(prompts.meanPrompt());
    int responseTokens = (int) Math.ceil(prompts.meanResponse());
    StepShape step =
        new StepShape(
            pairs,
            promptTokens,
            responseTokens,
            Math.max(config.train().tokenBudget(), promptTokens + 2 * responseTokens),
            config.train().recompute());
    Roofline.Device all =
        new Roofline.Device(
            ofProcess.flopsPerSecond() * processes,
            ofProcess.bytesPerSecond() * processes,
            ofProcess.roundsWeights());
    try (Progress.Bar _ = new Bars().begin("measure a training step", 1);
        Backend backend = BackendStart.of(ofAll(processes, config))) {
      double keys = StageCosts.meanKeys(promptTokens, responseTokens, 2);
      return TrainingShare.measure(backend, model, step, keys, all);
    }
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%.1f GFLOP/s and %.1f GB/s, %s",
        device.flopsPerSecond() / 1e9,
        device.bytesPerSecond() / 1e9,
        source);
  }
}
