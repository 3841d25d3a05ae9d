package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.config.RunConfig;
import dev.irpo.model.AdaptedModel;
import dev.irpo.model.Backends;
import dev.irpo.plan.Longest;
import dev.irpo.plan.Machine;
import dev.irpo.plan.MemoryNeed;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.RunPrograms;
import dev.irpo.plan.StageCosts;
import dev.irpo.plan.Units;
import dev.irpo.plan.Work;
import dev.irpo.plan.cluster.Cluster;
import dev.irpo.plan.cluster.Simulation;
import dev.irpo.run.RunFolder;
import dev.irpo.run.RunStages;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
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
  @Mixin private ClusterOptions cluster;
  @Mixin private TextLengths lengths;

  @Option(
      names = "--processes",
      paramLabel = "N",
      defaultValue = "1",
      description = "that share a training; default: ${DEFAULT-VALUE}")
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
      description = "10^9 float32 operations per second; default: measured here")
  private double gflops;

  @Option(
      names = "--gbytes",
      paramLabel = "X",
      description = "10^9 bytes of memory per second; default: measured here")
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
    if (cluster.isAsked()) {
      return simulate();
    }
    RunConfig resolved = config.load();
    LlamaConfig sizes = AdaptedModel.sizes(model.sizes(), resolved);
    PromptCounts problem = problem(sizes, resolved);
    Map<Split, PromptCounts> splits = new EnumMap<>(Split.class);
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    for (Split split : Split.values()) {
      splits.put(split, problem);
      problems.put(split, 1);
    }
    Longest longest = Longest.of(splits.values());
    int ofModel = resolved.compute().tensorParallel();
    RunPrograms programs = new RunPrograms(sizes, model.type(), resolved, longest, processes);
    Rates rates = gflops > 0 ? given(resolved) : Rates.measured(resolved.compute());
    StageCosts costs = new StageCosts(resolved, programs, splits, rates.device());
    RunStages stages = new RunStages(resolved, new RunFolder(Path.of("")), problems);
    MemoryNeed memory;
    try (Backend backend = Backends.forPlanning(resolved.compute())) {
      memory = stages.plan(costs, backend).memory();
    }
    SequencedMap<String, Work> repeated = new LinkedHashMap<>();
    stages
        .costs(costs)
        .forEach(cost -> cost.repeated().forEach(work -> repeated.putIfAbsent(work.name(), work)));
    if (json) {
      JsonLines.print(json(sizes, memory, rates, repeated.values()));
    } else {
      printMemory(System.out, sizes, memory, ofModel);
      printWork(System.out, rates, repeated.values(), ofModel);
    }
    return 0;
  }

  /// Simulates the run on a cluster: the paper's experiment, unless a configuration is given.
  private int simulate() throws IOException {
    RunConfig resolved =
        cluster.hasGpus()
            ? config.loadWithPreset("gsm8k-llama2-70b-chat", Optional.empty())
            : config.load();
    LlamaConfig sizes = AdaptedModel.sizes(model.sizes(), resolved);
    Map<Split, PromptCounts> splits = lengths.splits(resolved, sizes, promptTokens);
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    splits.forEach((split, counts) -> problems.put(split, counts.problems()));
    RunStages stages = new RunStages(resolved, new RunFolder(Path.of("")), problems);
    Optional<Roofline.Device> rates =
        gflops > 0
            ? Optional.of(given(resolved).device())
            : cluster.hasGpus()
                ? Optional.empty()
                : Optional.of(Rates.measuredBy(processes, resolved).device());
    Cluster asked = cluster.cluster(processes, rates);
    Simulation.Assumptions assumptions =
        cluster.assumptions(() ->
            Rates.shareReachedBy(
                processes,
                resolved,
                sizes,
                splits.get(Split.TRAIN),
                gflops > 0 ? Rates.measuredBy(processes, resolved).device() : rates.orElseThrow()));
    try (Backend backend =
        cluster.hasGpus() ? new OutlineBackend() : Backends.forPlanning(resolved.compute())) {
      Simulation simulation =
          new Simulation(
              resolved, sizes, splits, asked, assumptions, costs -> stages.plan(costs, backend));
      ClusterReport report =
          new ClusterReport(
              model.name(),
              sizes.numParameters(),
              lengths.toString(),
              asked,
              assumptions,
              resolved.train().batchSize(),
              cluster.strategies(asked, sizes, resolved).stream().map(simulation::run).toList());
      if (json) {
        JsonLines.print(report.json());
      } else {
        System.out.print(report.text());
      }
    }
    return 0;
  }

  /// A problem with the longest prompt and responses as long as they may get.
  private PromptCounts problem(LlamaConfig sizes, RunConfig resolved) {
    int room = sizes.maxPositions() - promptTokens;
    if (room < 1) {
      throw new IllegalArgumentException(
          "--prompt-tokens is %d, the context has %d with the response; give fewer"
              .formatted(promptTokens, sizes.maxPositions()));
    }
    int response = Math.min(resolved.rollouts().maxNewTokens(), room);
    boolean hasGold = resolved.pairs().goldAmongWinners();
    return new PromptCounts(
        1,
        0,
        promptTokens,
        response,
        new Longest(promptTokens, promptTokens + response, promptTokens + 2 * response),
        hasGold ? 1 : 0,
        hasGold ? response : 0);
  }

  static void requireAtLeastOne(String option, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "%s is %d, it must be 1 or above".formatted(option, value));
    }
  }

  private Rates given(RunConfig resolved) {
    boolean rounds = Backends.mayRoundWeights(resolved.compute());
    return new Rates(new Roofline.Device(gflops * 1e9, gbytes * 1e9, rounds), "as given");
  }

  private void printMemory(PrintStream out, LlamaConfig sizes, MemoryNeed memory, int ofModel) {
    out.printf(
        Locale.ROOT, "%s: %.4g billion parameters%n%n", model.name(), sizes.numParameters() / 1e9);
    out.println(
        (processes == 1 ? "Memory\n" : "Memory of each of %d processes%n".formatted(processes))
            + MemoryTable.of(memory).stripTrailing());
    printWayOut(out, memory, ofModel);
  }

  private static void printWork(PrintStream out, Rates rates, Collection<Work> steps, int ofModel) {
    boolean isSliced = ofModel > 1;
    String whose = isSliced ? " of the %d processes of a model".formatted(ofModel) : "";
    out.printf("%nWork%s, and least time at %s%n", whose, rates);
    Table table = new Table();
    for (Work step : steps) {
      Work.Amount amount = step.amount();
      table.row(
          "  " + step.name(),
          Units.count(step.tokens()) + " tokens",
          Units.flops(amount.flops()),
          Units.seconds(amount.seconds()),
          Units.rate(step.tokens() / amount.seconds()),
          isSliced ? "each sends " + Units.bytes(Math.round(amount.sentBytes())) : "");
    }
    out.print(table);
    if (isSliced) {
      out.println(
          "  Sums of activations take memory's time, as in one machine; for a network's give"
              + " --network.");
    }
  }

  private void printWayOut(PrintStream out, MemoryNeed memory, int ofModel) {
    long available = Machine.memoryBytes();
    if (memory.totalBytes() > available) {
      out.println("  too much for this machine; use " + memory.wayOut(available));
      memory
          .enoughProcesses(processes, ofModel, available)
          .ifPresent(enough -> out.println("  would fit with --processes " + enough));
    }
  }

  private ObjectNode json(
      LlamaConfig sizes, MemoryNeed memory, Rates rates, Collection<Work> steps) {
    ObjectNode node = JsonLines.object();
    node.put("model", model.name());
    node.put("parameters", sizes.numParameters());
    node.put("processes", processes);
    ObjectNode bytes = node.putObject("bytes");
    memory.bytes().forEach((purpose, value) -> bytes.put(purpose.toString(), value));
    node.put("bytesTogether", memory.totalBytes());
    node.put("bytesOfThisMachine", Machine.memoryBytes());
    ObjectNode device = node.putObject("rates");
    device.put("flopsPerSecond", rates.device().flopsPerSecond());
    device.put("bytesPerSecond", rates.device().bytesPerSecond());
    device.put("source", rates.source());
    ArrayNode work = node.putArray("work");
    for (Work step : steps) {
      work.addObject()
          .put("name", step.name())
          .put("tokens", step.tokens())
          .put("flops", step.amount().flops())
          .put("seconds", step.amount().seconds())
          .put("sentBytes", step.amount().sentBytes());
    }
    return node;
  }
}
