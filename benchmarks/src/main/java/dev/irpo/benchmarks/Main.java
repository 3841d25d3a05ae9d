package dev.irpo.benchmarks;

import dev.irpo.benchmarks.processes.CollectivesCommand;
import dev.irpo.benchmarks.steps.AgainstCommand;
import dev.irpo.benchmarks.steps.PointCommand;
import dev.irpo.benchmarks.steps.RowCommand;
import dev.irpo.benchmarks.steps.ScalingCommand;
import dev.irpo.benchmarks.steps.StepCommand;
import dev.irpo.benchmarks.steps.StepsCommand;
import java.util.List;
import org.openjdk.jmh.runner.RunnerException;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/// `bin/irpo bench`.
@Command(
    name = "irpo bench",
    mixinStandardHelpOptions = true,
    description = "Times kernels, whole steps and how they grow; results are checked before.",
    subcommands = {
      KernelsCommand.class,
      StepsCommand.class,
      AgainstCommand.class,
      StepCommand.class,
      ScalingCommand.class,
      RowCommand.class,
      PointCommand.class,
      CollectivesCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main {
  private Main() {}

  /// Runs what the arguments select.
  public static void main(String[] arguments) {
    System.exit(execute(arguments));
  }

  static int execute(String... arguments) {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler(Main::mistake)
        .setExecutionExceptionHandler((e, command, parsed) -> {
          if (e instanceof RunnerException || e instanceof IllegalArgumentException) {
            command.getErr().println("irpo bench: " + origin(e).getMessage());
            return 2;
          }
          throw e;
        })
        .execute(arguments);
  }

  /// What went wrong in a benchmark; JMH keeps it as suppressed.
  private static Throwable origin(Throwable e) {
    if (e instanceof IllegalArgumentException || e instanceof IllegalStateException) {
      return e;
    }
    if (e.getCause() != null) {
      return origin(e.getCause());
    }
    return e.getSuppressed().length > 0 ? origin(e.getSuppressed()[0]) : e;
  }

  private static int mistake(CommandLine.ParameterException e, String[] arguments) {
    List<String> lines = e.getMessage().lines().toList();
    e.getCommandLine()
        .getErr()
        .printf(
            "irpo bench: %s; see '%s --help'%n",
            lines.getFirst(), e.getCommandLine().getCommandSpec().qualifiedName());
    return 2;
  }
}
