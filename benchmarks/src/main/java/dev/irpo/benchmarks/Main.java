package dev.irpo.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// Runs the benchmarks with JMH's own options and the JVM flags of the program, for instance `java
/// -jar benchmarks.jar Kernel -p backend=cpu -p sizes=DEMO`.
public final class Main {
  private static final String FLAGS = "/dev/irpo/cli/jvm.flags";

  private Main() {}

  /// Runs what the arguments select.
  public static void main(String[] arguments) throws IOException, InterruptedException {
    System.exit(execute(System.out, System.err, arguments));
  }

  private static int execute(PrintStream out, PrintStream err, String... arguments)
      throws IOException, InterruptedException {
    try {
      CommandLineOptions options = new CommandLineOptions(arguments);
      if (options.shouldHelp()) {
        options.showHelp();
        return 0;
      }
      if (options.shouldList()) {
        new Runner(options).list();
        return 0;
      }
      out.print(Conditions.describe());
      Collection<RunResult> results = new Runner(withFlags(options)).run();
      out.print(rates(results));
      return 0;
    } catch (CommandLineOptionException | RunnerException e) {
      err.println("benchmarks: " + e.getMessage());
      return 2;
    }
  }

  private static Options withFlags(Options options) throws IOException {
    List<String> flags = new ArrayList<>(flags());
    flags.addAll(options.getJvmArgsAppend().orElse(List.of()));
    return new OptionsBuilder()
        .parent(options)
        .shouldFailOnError(true)
        .jvmArgsAppend(flags.toArray(String[]::new))
        .build();
  }

  private static List<String> flags() throws IOException {
    try (InputStream resource = Main.class.getResourceAsStream(FLAGS)) {
      return new String(resource.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }
  }

  /// Floating-point operations by time, for kernels where they decide.
  private static String rates(Collection<RunResult> results) {
    StringBuilder text = new StringBuilder();
    for (RunResult result : results) {
      BenchmarkParams params = result.getParams();
      String name = params.getParam("kernel");
      if (name != null) {
        KernelSizes sizes = KernelSizes.valueOf(params.getParam("sizes"));
        double flops = KernelCase.valueOf(name).prepare(sizes).flops();
        double micros = result.getPrimaryResult().getScore();
        if (flops > 0) {
          text.append(
              String.format(
                  Locale.ROOT,
                  "%-26s %-9s %-7s %8.1f GFLOP/s%n",
                  name,
                  params.getParam("backend"),
                  sizes,
                  flops / micros / 1e3));
        }
      }
    }
    return text.toString();
  }
}
