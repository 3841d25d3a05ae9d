package dev.irpo.benchmarks.steps;

import dev.irpo.benchmarks.setup.ChildJvm;
import dev.irpo.benchmarks.setup.OtherLoad;
import dev.irpo.check.step.StepShape;
import dev.irpo.check.step.TrainingWork;
import dev.irpo.model.PublishedModels;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.transformer.LlamaConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `bin/irpo bench step`.
@Command(
    name = "step",
    mixinStandardHelpOptions = true,
    description = {
      "A training step of a model in the shapes of a published one, on random pairs:",
      "tokens per second and peak memory of the process."
    })
public final class StepCommand implements Callable<Integer> {
  @Option(
      names = "--shape",
      required = true,
      paramLabel = "NAME",
      description = "as irpo synthesize takes it, for instance tinyllama-1.1b")
  private String shape;

  @Option(
      names = "--pairs",
      paramLabel = "N",
      defaultValue = "5",
      description = "of the step; default: ${DEFAULT-VALUE}")
  private int pairs;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "of each prompt; default: ${DEFAULT-VALUE}")
  private int promptTokens;

  @Option(
      names = "--response-tokens",
      paramLabel = "N",
      defaultValue = "128",
      description = "of each response; default: ${DEFAULT-VALUE}")
  private int responseTokens;

  @Option(
      names = "--token-budget",
      paramLabel = "N",
      defaultValue = "1024",
      description = "rows of a micro-batch; default: ${DEFAULT-VALUE}")
  private int tokenBudget;

  @Option(
      names = "--recompute",
      description = "compute activations again in the backward pass, to save memory")
  private boolean recompute;

  /// Set in the JVM that measures.
  @Option(names = "--peak", hidden = true)
  private Double peak;

  @Mixin private TimingOptions options;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws Exception {
    options.check();
    requirePositive("--pairs", pairs);
    requirePositive("--prompt-tokens", promptTokens);
    requirePositive("--response-tokens", responseTokens);
    requirePositive("--token-budget", tokenBudget);
    LlamaConfig config =
        PublishedModels.find(shape)
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "--shape %s: the known names are %s"
                        .formatted(shape, PublishedModels.names())));
    StepShape step = new StepShape(pairs, promptTokens, responseTokens, tokenBudget, recompute);
    if (peak == null) {
      return runInChild();
    }
    OtherLoad load = new OtherLoad();
    try (CpuBackend backend = new CpuBackend(options.threads())) {
      String what = "training step of %s, %d pairs".formatted(shape, pairs);
      new StepTimes(new Report(System.out, peak), options.repeats())
          .ofTokens(what, new TrainingWork(backend, config, step));
    }
    Report.others(System.out, load);
    return 0;
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(option + " is " + value + ", it must be above 0");
    }
  }

  private int runInChild() throws Exception {
    double measured = Report.begin(System.out, options.threads());
    List<String> arguments =
        new ArrayList<>(spec.root().commandLine().getParseResult().originalArgs());
    arguments.addAll(List.of("--peak", String.valueOf(measured)));
    return ChildJvm.run(arguments);
  }
}
