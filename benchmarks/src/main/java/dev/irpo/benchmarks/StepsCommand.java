package dev.irpo.benchmarks;

import java.io.IOException;
import java.util.concurrent.Callable;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `bin/irpo bench steps`.
@Command(
    name = "steps",
    mixinStandardHelpOptions = true,
    description = "Time of a training step, of scoring and of sampling on the CPU.")
final class StepsCommand implements Callable<Integer> {
  @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "0: one a core")
  private int threads;

  @Mixin private Measurement measurement;

  @Override
  public Integer call() throws IOException, InterruptedException, RunnerException {
    Measurement.requireThreads(threads);
    System.out.print(Conditions.describe());
    var _ =
        new Runner(
                measurement
                    .options(StepBenchmark.class)
                    .param("threads", String.valueOf(threads))
                    .build())
            .run();
    return 0;
  }
}
