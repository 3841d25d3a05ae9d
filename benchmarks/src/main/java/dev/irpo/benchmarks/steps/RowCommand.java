package dev.irpo.benchmarks.steps;

import dev.irpo.benchmarks.setup.OtherLoad;
import dev.irpo.tensor.cpu.CpuBackend;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// One row of [StepsCommand], in this JVM.
@Command(name = "row", hidden = true, description = "One row of steps, in this JVM.")
public final class RowCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME")
  private StepRow row;

  @Option(names = "--peak", required = true, paramLabel = "FLOPS")
  private double peak;

  @Option(names = "--form", paramLabel = "NAME", defaultValue = "TABLE")
  private Report.Form form;

  @Mixin private RowOptions options;

  @Override
  public Integer call() throws Exception {
    OtherLoad load = new OtherLoad();
    try (CpuBackend backend = new CpuBackend(options.threads())) {
      row.run(
          new StepRow.Setting(
              backend,
              new Report(System.out, peak, form),
              options.repeats(),
              StepsCommand.script(),
              options.stories()));
    }
    if (form == Report.Form.TABLE) {
      Report.others(System.out, load);
    }
    return 0;
  }
}
