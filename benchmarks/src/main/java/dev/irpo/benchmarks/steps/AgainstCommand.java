package dev.irpo.benchmarks.steps;

import dev.irpo.benchmarks.setup.ChildJvm;
import dev.irpo.benchmarks.setup.OtherLoad;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `bin/irpo bench against`.
@Command(
    name = "against",
    mixinStandardHelpOptions = true,
    description = {
      "A row of steps and a command that does the same work, in turns, each in a",
      "process of its own: both medians, quartiles and extremes, how many times as",
      "fast ours is, and an interval of the median of the turns' ratios.",
      "",
      "The command's figure is the number beside the unit of our row, on a line",
      "that it prints; it must be the only one, or --figure says which it is:",
      "",
      "  step-s, step-m, step-l         pairs/s",
      "  sample-*, decode-*             tokens/s",
      "  product                        GFLOP/s",
      "  start, first-token             s",
      "",
      "  irpo bench against --row step-s './peer train S'",
      "  irpo bench against --row product --figure '2048: ([0-9.]+)' './peer'",
      ""
    })
public final class AgainstCommand implements Callable<Integer> {
  @Option(
      names = "--row",
      required = true,
      paramLabel = "NAME",
      description = "what of ours is measured, of ${COMPLETION-CANDIDATES}; not products-*")
  private StepRow row;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "10",
      description =
          "turns, every other of which begins with the command; default: ${DEFAULT-VALUE}")
  private int repeats;

  @Option(
      names = "--figure",
      paramLabel = "EXPRESSION",
      description =
          "regular expression that matches once in what the command prints; its group is the figure")
  private String expression;

  @Mixin private ThreadsOption threads;
  @Mixin private StoriesOption stories;

  @Parameters(paramLabel = "COMMAND", description = "of the peer, for the shell: one argument")
  private String command;

  @Override
  public Integer call() throws IOException, InterruptedException {
    check();
    Optional<Pattern> named = Optional.ofNullable(expression).map(PrintedFigure::expression);
    double peak = Report.conditions(System.out, threads.count());
    OtherLoad load = new OtherLoad();
    ShellCommand peer = new ShellCommand(command);
    System.out.printf("in turns with '%s'%n%n", peer);
    Turns turns = new Turns(System.out, peak);
    turns.measure(
        repeats,
        () -> own(peak),
        unit ->
            named
                .map(pattern -> PrintedFigure.by(unit, pattern))
                .orElseGet(() -> PrintedFigure.beside(unit))
                .in(peer));
    turns.printSummary();
    Report.others(System.out, load);
    return 0;
  }

  private void check() {
    if (repeats < 1) {
      throw new IllegalArgumentException("--repeat is " + repeats + ", it must be above 0");
    }
    if (row.hasSeveralFigures()) {
      throw new IllegalArgumentException(
          "--row %s: has a figure for each product; take product, which has one".formatted(row));
    }
    threads.check();
    stories.check();
  }

  private Figure own(double peak) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("row", row.toString()));
    arguments.addAll(List.of("--peak", String.valueOf(peak)));
    arguments.addAll(List.of("--form", Report.Form.JSON.name()));
    arguments.addAll(threads.arguments());
    arguments.addAll(stories.arguments());
    String output =
        ChildJvm.outputOf(arguments)
            .orElseThrow(
                () -> new IllegalArgumentException("--row %s: failed, see above".formatted(row)));
    return Figure.of(output);
  }
}
