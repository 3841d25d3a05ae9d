package dev.irpo.benchmarks.steps;

import dev.irpo.benchmarks.setup.ChildJvm;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `bin/irpo bench steps`.
@Command(
    name = "steps",
    mixinStandardHelpOptions = true,
    description = {
      "Products, training steps, sampling, decoding and starts on the CPU, with medians, spread,",
      "GFLOP/s, the share of the measured peak of fused multiply-adds, and peak memory."
    })
public final class StepsCommand implements Callable<Integer> {
  @Option(
      names = "--rows",
      split = ",",
      paramLabel = "NAME",
      description = "of ${COMPLETION-CANDIDATES}; default: all")
  private List<StepRow> rows = List.of(StepRow.values());

  @Mixin private RowOptions options;

  @Override
  public Integer call() throws IOException, InterruptedException {
    options.check();
    double peak = Report.begin(System.out, options.threads());
    int code = 0;
    for (StepRow row : rows) {
      List<String> arguments = new ArrayList<>(List.of("row", row.toString()));
      arguments.addAll(List.of("--peak", String.valueOf(peak)));
      arguments.addAll(options.arguments());
      int ended = ChildJvm.run(arguments);
      if (ended != 0) {
        System.out.printf("%-44s failed with code %d%n", row, ended);
        code = 1;
      }
    }
    return code;
  }

  /// The script of the checkout that the jar was built in.
  static Path script() throws URISyntaxException {
    Path jar =
        Path.of(StepsCommand.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    for (Path folder = jar.getParent(); folder != null; folder = folder.getParent()) {
      if (Files.isExecutable(folder.resolve("bin/irpo"))) {
        return folder.resolve("bin/irpo");
      }
    }
    return Path.of("bin/irpo");
  }
}
