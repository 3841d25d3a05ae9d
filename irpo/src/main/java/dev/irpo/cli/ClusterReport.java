package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.Units;
import dev.irpo.plan.cluster.Cluster;
import dev.irpo.plan.cluster.Network;
import dev.irpo.plan.cluster.Processor;
import dev.irpo.plan.cluster.SimulatedRun;
import dev.irpo.plan.cluster.SimulatedStep;
import dev.irpo.plan.cluster.Simulation;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;

/// Simulated runs side by side, a column for each strategy.
///
/// @param model its name and number of parameters
/// @param texts problems and lengths
record ClusterReport(
    String model,
    long parameters,
    String texts,
    Cluster cluster,
    Simulation.Assumptions assumptions,
    int batchSize,
    List<SimulatedRun> runs) {
  private static final double HOUR = 3600;

  /// As people read it.
  String text() {
    Table table = new Table();
    table.row(cells("", run -> run.strategy().name()));
    memory(table);
    step(table);
    table.row(
        cells("An iteration, sampled by", run -> "groups of %d".formatted(run.samplingRanks())));
    stages(table, SimulatedRun::iteration);
    table.row(cells("  together", run -> time(run, run.iterationSeconds())));
    int iterations = runs.getFirst().iterations();
    table.row("The whole run of %d iterations".formatted(iterations));
    stages(table, SimulatedRun::start);
    table.row(cells("  hours", run -> time(run, run.seconds() / HOUR, "%,.1f")));
    String hours = "  %s-hours".formatted(isOfGpus() ? "GPU" : "process");
    table.row(cells(hours, run -> time(run, run.processorHours(), "%,.0f")));
    return head() + "\n" + table + notes();
  }

  private boolean isOfGpus() {
    return cluster.processor().kind() == Processor.Kind.GPU;
  }

  private String head() {
    Processor processor = cluster.processor();
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%s, %.4g billion parameters, on %d %s in %d %s%n",
            model,
            parameters / 1e9,
            cluster.size(),
            processor.name(),
            cluster.hosts(),
            cluster.hosts() == 1 ? "host" : "hosts"));
    text.append(
        String.format(
            Locale.ROOT,
            "  %s: %s, %s/s, %.4g TFLOP/s in %s (%s)%n",
            processor.name(),
            Units.bytes(processor.memoryBytes()),
            Units.bytes(Math.round(processor.bytesPerSecond())),
            processor.flops(runs.getFirst().strategy().precision()) / 1e12,
            runs.getFirst().strategy().precision(),
            processor.source()));
    text.append(network("within a host", cluster.inside()));
    if (cluster.hosts() > 1) {
      text.append(network("between hosts", cluster.between()));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "  %s %.2g of the rates of arithmetic and memory%s a host writes %s/s;%n  %s%n",
            assumptions.isMeasured()
                ? "measured: in a training step kernels reach"
                : "assumed: kernels reach",
            assumptions.utilisation(),
            assumptions.isMeasured() ? "; assumed:" : ",",
            Units.bytes(Math.round(assumptions.storageBytesPerSecond())),
            texts));
    return text.toString();
  }

  private static String network(String where, Network network) {
    boolean isShared = network.links() == Network.Links.A_HOST;
    return String.format(
        Locale.ROOT,
        "  %s: %s, %s/s in each direction for each %s, %.3g µs (%s)%n",
        where,
        network.name(),
        Units.bytes(Math.round(network.bytesPerSecond())),
        isShared ? "host" : "processor",
        network.latencySeconds() * 1e6,
        network.source());
  }

  private void memory(Table table) {
    table.row("Memory of a " + (isOfGpus() ? "GPU" : "process"));
    Set<Purpose> purposes = new LinkedHashSet<>();
    runs.forEach(run -> purposes.addAll(run.memory().keySet()));
    for (Purpose purpose : purposes) {
      table.row(cells("  " + purpose, run -> bytes(run.memory().getOrDefault(purpose, 0L))));
    }
    table.row(cells("  together", run -> bytes(run.memoryBytes())));
    table.row(cells("  of what it has", run -> "%.0f %%".formatted(100 * run.shareOfMemory())));
    table.row(cells("  fits", run -> run.fits() ? "yes" : "no"));
  }

  private void step(Table table) {
    table.row("A training step of %d pairs".formatted(batchSize));
    Set<String> names = new LinkedHashSet<>();
    runs.forEach(run -> run.step().parts().forEach(part -> names.add(part.name())));
    for (String name : names) {
      table.row(cells("  " + name, run -> time(run, seconds(run, name))));
      if (runs.stream().anyMatch(run -> hidden(run, name) > 0)) {
        table.row(cells("    hidden by computing", run -> time(run, hidden(run, name))));
      }
    }
    table.row(cells("  together", run -> time(run, run.step().seconds())));
    table.row(cells("  sent within its host", run -> sent(run.step().transfer().insideBytes())));
    table.row(cells("  sent to other hosts", run -> sent(run.step().transfer().betweenBytes())));
    table.row(cells("  share of the peak", run -> time(run, 100 * run.shareOfPeak(), "%.0f %%")));
    String of = " of %d".formatted(cluster.size());
    String busy = isOfGpus() ? "  GPUs with pairs" : "  processes with pairs";
    table.row(cells(busy, run -> run.busyProcessors() + of));
  }

  private static double seconds(SimulatedRun run, String part) {
    return sum(run, part, SimulatedStep.Part::seconds);
  }

  private static double hidden(SimulatedRun run, String part) {
    return sum(run, part, SimulatedStep.Part::hiddenSeconds);
  }

  private static double sum(
      SimulatedRun run, String name, Function<SimulatedStep.Part, Double> seconds) {
    return run.step().parts().stream()
        .filter(part -> part.name().equals(name))
        .mapToDouble(seconds::apply)
        .sum();
  }

  private void stages(
      Table table, Function<SimulatedRun, Collection<SimulatedRun.Stage>> stagesOf) {
    for (SimulatedRun.Stage stage : stagesOf.apply(runs.getFirst())) {
      String name = "  %s, %s %s".formatted(stage.name(), Units.count(stage.items()), stage.unit());
      table.row(
          cells(
              name,
              run ->
                  time(
                      run,
                      stagesOf.apply(run).stream()
                          .filter(other -> other.name().equals(stage.name()))
                          .mapToDouble(SimulatedRun.Stage::seconds)
                          .sum())));
    }
  }

  private String[] cells(String name, Function<SimulatedRun, String> cell) {
    String[] cells = new String[runs.size() + 1];
    cells[0] = name;
    for (int i = 0; i < runs.size(); i++) {
      cells[i + 1] = cell.apply(runs.get(i));
    }
    return cells;
  }

  private static String bytes(long bytes) {
    return bytes == 0 ? "" : Units.bytes(bytes);
  }

  private static String sent(double bytes) {
    return bytes(Math.round(bytes));
  }

  /// What does not fit takes no time.
  private static String time(SimulatedRun run, double seconds) {
    return !run.fits() ? "–" : seconds == 0 ? "" : Units.seconds(seconds);
  }

  private static String time(SimulatedRun run, double value, String format) {
    return run.fits() ? String.format(Locale.ROOT, format, value) : "–";
  }

  /// What is not built, each with the strategies that need it.
  private String notes() {
    SequencedMap<String, List<String>> missing = new LinkedHashMap<>();
    for (SimulatedRun run : runs) {
      for (String what : run.notBuilt()) {
        missing.computeIfAbsent(what, _ -> new ArrayList<>()).add(run.strategy().name());
      }
    }
    if (missing.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder("\nNot built yet, and needed by\n");
    missing.forEach(
        (what, names) -> text.append("  %s: %s%n".formatted(what, String.join(", ", names))));
    return text.toString();
  }

  /// As programs read it, in bytes and seconds.
  ObjectNode json() {
    ObjectNode node = JsonLines.object();
    node.put("model", model).put("parameters", parameters);
    Processor processor = cluster.processor();
    node.putObject("cluster")
        .put("processor", processor.name())
        .put("processors", cluster.size())
        .put("perHost", cluster.perHost())
        .put("flopsPerSecond", processor.flops(runs.getFirst().strategy().precision()))
        .put("bytesPerSecond", processor.bytesPerSecond())
        .put("memoryBytes", processor.memoryBytes())
        .put("inside", cluster.inside().name())
        .put("insideBytesPerSecond", cluster.inside().bytesPerSecond())
        .put("between", cluster.between().name())
        .put("betweenBytesPerSecond", cluster.between().bytesPerSecond())
        .put("utilisation", assumptions.utilisation())
        .put("utilisationIsMeasured", assumptions.isMeasured());
    ArrayNode strategies = node.putArray("strategies");
    runs.forEach(run -> add(run, strategies.addObject()));
    return node;
  }

  private static void add(SimulatedRun run, ObjectNode node) {
    node.put("strategy", run.strategy().name());
    node.put("precision", run.strategy().precision().toString());
    ObjectNode memory = node.putObject("bytes");
    run.memory().forEach((purpose, bytes) -> memory.put(purpose.toString(), bytes));
    node.put("bytesTogether", run.memoryBytes()).put("fits", run.fits());
    node.put("busyProcessors", run.busyProcessors());
    node.put("samplingRanks", run.samplingRanks());
    ObjectNode step = node.putObject("step");
    step.put("seconds", run.step().seconds());
    step.put("insideBytes", run.step().transfer().insideBytes());
    step.put("betweenBytes", run.step().transfer().betweenBytes());
    ArrayNode parts = step.putArray("parts");
    for (SimulatedStep.Part part : run.step().parts()) {
      parts
          .addObject()
          .put("name", part.name())
          .put("seconds", part.seconds())
          .put("hiddenSeconds", part.hiddenSeconds())
          .put("insideBytes", part.transfer().insideBytes())
          .put("betweenBytes", part.transfer().betweenBytes());
    }
    add(run.start(), node.putArray("start"));
    add(run.iteration(), node.putArray("iteration"));
    node.put("iterations", run.iterations());
    node.put("hours", run.seconds() / HOUR).put("processorHours", run.processorHours());
    ArrayNode missing = node.putArray("notBuilt");
    run.notBuilt().forEach(missing::add);
  }

  private static void add(List<SimulatedRun.Stage> stages, ArrayNode array) {
    for (SimulatedRun.Stage stage : stages) {
      array
          .addObject()
          .put("name", stage.name())
          .put("items", stage.items())
          .put("unit", stage.unit())
          .put("seconds", stage.seconds());
    }
  }
}
