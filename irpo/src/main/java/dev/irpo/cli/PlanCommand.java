package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.config.RunConfig;
import dev.irpo.plan.Machine;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.StepWork;
import dev.irpo.plan.Units;
import dev.irpo.plan.WorkPlan;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
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
  @Mixin private SizesOption model;
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

  @Option(names = "--json", description = "print one JSON object; units are bytes and seconds")
  private boolean json;

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
    LlamaConfig sizes = model.sizes();
    StepWork.Lengths lengths = StepWork.Lengths.of(sizes, resolved, promptTokens);
    WorkPlan plan = WorkPlan.of(sizes, resolved, lengths.longest(), processes);
    Rates rates = gflops > 0 ? given() : Rates.measured(resolved.compute());
    List<StepWork> steps = StepWork.of(plan, resolved, lengths, processes, rates.device());
    if (json) {
      JsonLines.print(json(sizes, plan, rates, steps));
    } else {
      print(System.out, sizes, plan, rates, steps);
    }
    return 0;
  }

  private static void requireAtLeastOne(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "%s is %d, it must be 1 or above".formatted(option, value));
    }
  }

  private Rates given() {
    return new Rates(new Roofline.Device(gflops * 1e9, gbytes * 1e9, false), "as given");
  }

  private void print(
      PrintStream out, LlamaConfig sizes, WorkPlan plan, Rates rates, List<StepWork> steps) {
    out.printf(
        Locale.ROOT, "%s: %.4g billion parameters%n%n", model.name(), sizes.numParameters() / 1e9);
    out.println(
        (processes == 1 ? "Memory\n" : "Memory of each of %d processes%n".formatted(processes))
            + MemoryTable.of(plan).stripTrailing());
    printWayOut(out, plan);
    out.println("\nWork, and least time at " + rates);
    Table table = new Table();
    for (StepWork step : steps) {
      table.row(
          "  " + step.name(),
          Units.count(step.tokens()) + " tokens",
          Units.flops(step.flops()),
          Units.seconds(step.seconds()),
          Units.rate(step.tokens() / step.seconds()));
    }
    out.print(table);
  }

  private void printWayOut(PrintStream out, WorkPlan plan) {
    long available = Machine.memoryBytes();
    if (plan.totalBytes() > available) {
      out.println("  too much for this machine; use " + plan.wayOut(available));
      plan.enoughProcesses(processes, available)
          .ifPresent(enough -> out.println("  would fit with --processes " + enough));
    }
  }

  private ObjectNode json(LlamaConfig sizes, WorkPlan plan, Rates rates, List<StepWork> steps) {
    ObjectNode node = JsonLines.object();
    node.put("model", model.name());
    node.put("parameters", sizes.numParameters());
    node.put("processes", processes);
    ObjectNode bytes = node.putObject("bytes");
    plan.bytes().forEach(bytes::put);
    node.put("bytesTogether", plan.totalBytes());
    node.put("bytesOfThisMachine", Machine.memoryBytes());
    ObjectNode device = node.putObject("rates");
    device.put("flopsPerSecond", rates.device().flopsPerSecond());
    device.put("bytesPerSecond", rates.device().bytesPerSecond());
    device.put("source", rates.source());
    ArrayNode work = node.putArray("work");
    for (StepWork step : steps) {
      work.addObject()
          .put("name", step.name())
          .put("tokens", step.tokens())
          .put("flops", step.flops())
          .put("seconds", step.seconds());
    }
    return node;
  }
}
