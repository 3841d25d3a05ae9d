package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.model.Machine;
import dev.irpo.model.Roofline;
import dev.irpo.run.WorkPlan;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo plan`.
@Command(
    name = "plan",
    mixinStandardHelpOptions = true,
    description = {
      "Bytes by purpose, floating-point operations and least times of a run, before it is begun.",
      "Plans the graphs that the run would compile; needs no weights."
    })
final class PlanCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      paramLabel = "MODEL",
      defaultValue = "llama-2-7b",
      description =
          "llama-2-7b, -13b, -70b, tinyllama-1.1b, or a model as other commands take it; default: ${DEFAULT-VALUE}")
  private String model;

  @Mixin private ConfigOptions config;

  @Option(
      names = "--processes",
      paramLabel = "N",
      defaultValue = "1",
      description = "that share gradients and optimizer state; default: ${DEFAULT-VALUE}")
  private int processes;

  @Option(
      names = "--prompt-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "of the longest prompt; default: ${DEFAULT-VALUE}")
  private int promptTokens;

  @Option(
      names = "--gflops",
      paramLabel = "X",
      description = "10^9 float32 operations a second; default: measured here")
  private double gflops;

  @Option(
      names = "--gbytes",
      paramLabel = "X",
      description = "10^9 bytes of memory a second; default: measured here")
  private double gbytes;

  @Override
  public Integer call() throws IOException {
    requireAtLeastOne("--processes", processes);
    requireAtLeastOne("--prompt-tokens", promptTokens);
    if (gflops < 0 || gbytes < 0 || (gflops > 0) != (gbytes > 0)) {
      throw new IllegalArgumentException(
          "--gflops is %s and --gbytes %s; give both, above 0, or neither"
              .formatted(gflops, gbytes));
    }
    RunConfig resolved = config.load();
    LlamaConfig sizes = ModelSizes.of(model);
    WorkPlan plan = WorkPlan.of(sizes, resolved, promptTokens, processes);
    Roofline.Device device = device(resolved);
    PrintStream out = System.out;
    out.printf(Locale.ROOT, "%s: %.2f billion parameters%n", model, sizes.numParameters() / 1e9);
    out.printf("%nMemory of each of %d processes%n", processes);
    plan.bytes()
        .forEach(
            (purpose, bytes) -> out.printf("  %-26s %12s%n", purpose, WorkPlan.gigabytes(bytes)));
    out.printf("  %-26s %12s%n", "together", WorkPlan.gigabytes(plan.totalBytes()));
    out.printf(
        "  %-26s %12s, at most, once micro-batches of every size were seen%n",
        "smaller micro-batches", WorkPlan.gigabytes(plan.smallerBatchBytes()));
    out.printf("  %-26s %12s%n", "this machine", WorkPlan.gigabytes(Machine.memoryBytes()));
    printWork(out, plan, resolved, device);
    return 0;
  }

  private static void requireAtLeastOne(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "%s is %d, it must be 1 or above".formatted(option, value));
    }
  }

  private Roofline.Device device(RunConfig resolved) {
    if (gflops > 0) {
      return new Roofline.Device(gflops * 1e9, gbytes * 1e9, false);
    }
    try (Backend backend = BackendStart.of(resolved.compute())) {
      return Machine.measure(backend);
    }
  }

  private void printWork(
      PrintStream out, WorkPlan plan, RunConfig resolved, Roofline.Device device) {
    int newTokens = resolved.rollouts().maxNewTokens();
    double keys = (promptTokens + newTokens) / 2.0;
    Roofline micro = plan.trainStep(keys, device);
    Roofline update = plan.updateStep(device);
    Roofline decode = plan.decodeStep(promptTokens + newTokens / 2.0, device);
    out.printf(
        Locale.ROOT,
        "%nWork and least time at %.1f GFLOP/s and %.1f GB/s, %s%n",
        device.flopsPerSecond() / 1e9,
        device.bytesPerSecond() / 1e9,
        gflops > 0 ? "as given" : "as measured here");
    double rows = (double) resolved.train().batchSize() * (promptTokens + 2.0 * newTokens);
    double micros = Math.ceil(rows / plan.microTokens() / processes);
    print(out, "micro-batch of " + plan.microTokens(), micro.flops(), micro.seconds());
    print(out, "optimizer step", update.flops(), update.seconds() / processes);
    print(
        out,
        "step of " + resolved.train().batchSize() + " longest pairs",
        rows / plan.microTokens() * micro.flops() + update.flops(),
        micros * micro.seconds() + update.seconds() / processes);
    print(out, "a token in " + plan.slots() + " slots", decode.flops(), decode.seconds());
    out.printf(
        Locale.ROOT,
        "  %-26s %.1f tokens/s%n",
        "sampling",
        processes * plan.slots() / decode.seconds());
  }

  private static void print(PrintStream out, String what, double flops, double seconds) {
    out.printf(Locale.ROOT, "  %-26s %12.3f TFLOP %12.3f s%n", what, flops / 1e12, seconds);
  }
}
