package dev.irpo.cli;

import dev.irpo.check.Check;
import dev.irpo.check.CheckLimits;
import dev.irpo.check.CheckTarget;
import dev.irpo.check.GoldenFile;
import dev.irpo.check.Part;
import dev.irpo.check.PartReport;
import dev.irpo.config.ComputeSettings;
import dev.irpo.demo.EmbeddedModel;
import dev.irpo.model.Backends;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `irpo check`.
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    header = "Checks that a backend computes what it should on this machine, and how fast.",
    description = {
      "kernels: each against the reference backend, at the sizes of a model.",
      "golden: texts, log-probabilities and training steps of the demo's model against values in"
          + " the jar.",
      "sampler: log-probabilities of drawn tokens against the scorer's and the trainer's.",
      "rates: what the device can do; time, GFLOP/s, GB/s and share of the roofline of each kernel,"
          + " a decode step and a training step.",
      "Exit code 1 if a line says FAILED; the last line says what ran."
    })
final class CheckCommand implements Callable<Integer> {
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--model",
      paramLabel = "MODEL",
      description =
          "whose sizes kernels and steps have: a --shape of irpo synthesize, or a model as other"
              + " commands take it; default: the demo's")
  private String model;

  @Option(
      names = "--parts",
      split = ",",
      paramLabel = "PART",
      description = "of ${COMPLETION-CANDIDATES}, several with commas; default: all")
  private List<Part> parts = List.of(Part.values());

  @Option(names = "--json", description = "an object of JSON a line, the summary as the last")
  private boolean json;

  @Option(
      names = "--write-golden",
      paramLabel = "FILE",
      description = "check nothing, but compute the golden values anew on the reference backend")
  private Path golden;

  @Override
  public Integer call() throws IOException {
    if (golden != null) {
      GoldenFile.write(golden);
      return 0;
    }
    ComputeSettings settings = compute.settings(ModelProcesses.alone());
    LlamaConfig sizes = model == null ? EmbeddedModel.config() : ModelSizes.of(model);
    String name;
    try (Backend backend = BackendStart.of(settings)) { // a mistake is found before the first line
      name = Backends.describe(settings, backend);
    }
    CheckTarget target =
        new CheckTarget(
            () -> Backends.start(settings, (_, _) -> {}),
            sizes,
            compute.roundsFactors(),
            CheckLimits.STANDARD);
    CheckOutput output = json ? new CheckJson(name) : new CheckTable(System.out, name);
    return run(target, EnumSet.copyOf(parts), output);
  }

  /// Runs parts and prints what they come to.
  ///
  /// @return the exit code
  static int run(CheckTarget target, Set<Part> parts, CheckOutput output) throws IOException {
    output.begin();
    List<PartReport> reports = new Check(target).run(parts, output::row);
    CheckSummary summary = new CheckSummary(reports);
    output.end(summary);
    return summary.isPassed() ? 0 : Main.FAILURE;
  }
}
