package dev.irpo.cli;

import dev.irpo.plan.Roofline;
import dev.irpo.plan.StepPrograms;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.device.SamplingWeights;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.train.TrainerSettings;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo roofline`.
@Command(
    name = "roofline",
    mixinStandardHelpOptions = true,
    description = {
      "The time that a device needs at best for a training step and a decode step.",
      "For each kernel its floating-point operations, the bytes that it must move, and the longer"
          + " of the two times. Needs neither the device nor the model's weights."
    })
final class RooflineCommand implements Callable<Integer> {
  private static final int SAMPLES_PER_PROMPT = 30;

  @Mixin private SizesOption model;

  @Option(
      names = "--tflops",
      paramLabel = "X",
      defaultValue = "67",
      description =
          "peak of the device in 10^12 float32 operations per second; default: ${DEFAULT-VALUE}, an"
              + " H100 SXM")
  private double teraFlops;

  @Option(
      names = "--bandwidth",
      paramLabel = "X",
      defaultValue = "3350",
      description =
          "of its memory in 10^9 bytes per second; default: ${DEFAULT-VALUE}, an H100 SXM")
  private double gigabytesPerSecond;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "4096",
      description = "rows of the training step's micro-batch; default: ${DEFAULT-VALUE}")
  private int tokens;

  @Option(
      names = "--slots",
      paramLabel = "N",
      defaultValue = "64",
      description = "responses that get a token in the decode step; default: ${DEFAULT-VALUE}")
  private int slots;

  @Option(
      names = "--keys",
      paramLabel = "N",
      defaultValue = "512",
      description = "tokens that a token attends to on average; default: ${DEFAULT-VALUE}")
  private int keys;

  @Option(
      names = "--sampling-weights",
      paramLabel = "NAME",
      defaultValue = "auto",
      description =
          "weights of the decode step, of ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE},"
              + " bfloat16")
  private SamplingWeights samplingWeights;

  @Option(
      names = "--recompute",
      description = "compute each layer's forward pass again before its backward pass")
  private boolean recompute;

  @Override
  public Integer call() throws IOException {
    requirePositive("--tflops", teraFlops);
    requirePositive("--bandwidth", gigabytesPerSecond);
    requirePositive("--tokens", tokens);
    requirePositive("--slots", slots);
    requirePositive("--keys", keys);
    LlamaConfig config = model.sizes();
    Roofline.Device device =
        new Roofline.Device(
            teraFlops * 1e12, gigabytesPerSecond * 1e9, samplingWeights != SamplingWeights.FLOAT32);
    PrintStream out = System.out;
    out.printf(
        Locale.ROOT,
        "%s: %.2f billion parameters; a device with %s TFLOP/s and %s GB/s; %d keys per token%n",
        model.name(),
        config.numParameters() / 1e9,
        number(teraFlops),
        number(gigabytesPerSecond),
        keys);
    print(out, "Training step of a micro-batch of " + tokens, tokens, device, training(config));
    print(out, "Decode step of " + slots + " responses", slots, device, decoding(config));
    return 0;
  }

  private static void requirePositive(String option, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s is %s, it must be above 0".formatted(option, number(value)));
    }
  }

  private List<Compilation> training(LlamaConfig config) {
    return StepPrograms.training(
            config,
            new TrainerSettings(
                tokens,
                recompute ? Llama.Activations.RECOMPUTED : Llama.Activations.KEPT,
                new AdamWSettings(0.9, 0.95, 1e-8, 0, 1)))
        .step();
  }

  private List<Compilation> decoding(LlamaConfig config) {
    return StepPrograms.decoding(config, DecodeLimits.of(slots, SAMPLES_PER_PROMPT, keys, keys));
  }

  private void print(
      PrintStream out, String title, int rows, Roofline.Device device, List<Compilation> programs) {
    Roofline roofline = Roofline.of(programs, keys, device);
    out.printf("%n%s%n", title);
    out.printf(
        "%-62s %6s %12s %10s %12s  %s%n", "kernel", "calls", "GFLOP", "GB", "ms", "bound by");
    for (Roofline.Kernel kernel : roofline.kernels()) {
      out.printf(
          Locale.ROOT,
          "%-62s %6d %12.2f %10.3f %12.4f  %s%n",
          kernel.name(),
          kernel.calls(),
          kernel.flops() / 1e9,
          kernel.bytes() / 1e9,
          kernel.seconds() * 1e3,
          kernel.isBoundByCompute(device) ? "arithmetic" : "memory");
    }
    out.printf(
        Locale.ROOT,
        "%-62s %6d %12.2f %10.3f %12.4f  %.0f tokens/s%n",
        "all",
        roofline.kernels().stream().mapToInt(Roofline.Kernel::calls).sum(),
        roofline.flops() / 1e9,
        roofline.bytes() / 1e9,
        roofline.seconds() * 1e3,
        rows / roofline.seconds());
  }

  private static String number(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
  }
}
