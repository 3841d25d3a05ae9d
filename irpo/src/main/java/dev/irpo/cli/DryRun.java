package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.model.Backends;
import dev.irpo.plan.Longest;
import dev.irpo.plan.Machine;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.RunPlan;
import dev.irpo.plan.RunPrograms;
import dev.irpo.plan.StageCosts;
import dev.irpo.plan.Units;
import dev.irpo.plan.Work;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.run.RunStages;
import dev.irpo.task.Split;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The whole plan of a run, from its files.
///
/// @param problems how many there are in each split
/// @param splits their prompts
/// @param programs what it would compile
record DryRun(
    RunConfig config,
    LlamaConfig model,
    Map<Split, Integer> problems,
    Map<Split, PromptCounts> splits,
    RunPrograms programs) {
  /// @param stored type of the model's matrices
  /// @param processes that run it
  static DryRun of(RunConfig config, Prompts prompts, DType stored, int processes)
      throws IOException {
    Map<Split, PromptCounts> splits = PromptCounts.of(config, prompts);
    Map<Split, Integer> problems = new EnumMap<>(Split.class);
    splits.forEach((split, counts) -> problems.put(split, counts.problems() + counts.tooLong()));
    LlamaConfig model = prompts.model();
    Longest longest = Longest.of(splits.values());
    return new DryRun(
        config,
        model,
        problems,
        splits,
        new RunPrograms(model, stored, config, longest, processes));
  }

  /// The plan of a run into a folder.
  ///
  /// @param device rates that times follow from
  RunPlan plan(Path folder, Roofline.Device device) {
    try (Backend backend = Backends.forPlanning(config.compute())) {
      return new RunStages(config, new RunFolder(folder), problems)
          .plan(new StageCosts(config, programs, splits, device), backend);
    }
  }

  /// Refuses a run that the memory, the folder or the disk has no room for. How much a begun run
  /// still writes is not known, but that the next checkpoint and model must have room.
  ///
  /// @throws IllegalArgumentException naming the need and what there is
  ///
  /// @param memoryBytes that a process may take
  void requireRoom(Path folder, long memoryBytes) throws IOException {
    boolean rounds = Backends.mayRoundWeights(config.compute());
    RunPlan plan = plan(folder, Roofline.Device.any(rounds));
    plan.memory().requireFits(memoryBytes);
    Path disk = existing(folder);
    boolean isBegun = Files.exists(new RunFolder(folder).configFile());
    long needed =
        isBegun ? programs.checkpointBytes() + programs.modelBytes() : plan.totalDiskBytes();
    long free = Files.getFileStore(disk).getUsableSpace();
    if (free < needed) {
      throw new IllegalArgumentException(
          "%s: %s %s, the disk has %s; %s"
              .formatted(
                  disk,
                  isBegun ? "the next checkpoint and model take" : "models and checkpoints take",
                  Units.bytes(needed),
                  Units.bytes(free),
                  isBegun
                      ? "make room there"
                      : "keep fewer checkpoints (train.keepCheckpoints,"
                          + " train.checkpointEverySteps) or choose another --out"));
    }
  }

  /// Prints the plan of a run into a folder, then refuses what cannot fit.
  ///
  /// @throws IllegalArgumentException if the folder cannot be written to, or the memory or the disk
  ///   is too small
  void print(PrintStream out, Path folder) throws IOException {
    Path disk = existing(folder);
    Rates rates = Rates.measured(config.compute());
    RunPlan plan = plan(folder, rates.device());
    out.printf(
        Locale.ROOT,
        "%s, %d iterations, a model of %.4g billion parameters%n%n",
        config.task().name().name().toLowerCase(Locale.ROOT).replace('_', '-'),
        config.iterations(),
        model.numParameters() / 1e9);
    out.println(prompts());
    out.println(
        "Counts are upper bounds: every response as long as it may get, as many pairs as there can"
            + " be.");
    out.println("Times are lower bounds for that work at " + rates + ".\n");
    out.println(stages(plan));
    long free = Files.getFileStore(disk).getUsableSpace();
    out.println("Disk\n" + disk(plan).row("  free on this disk", Units.bytes(free)));
    out.println("Memory\n" + MemoryTable.of(plan.memory()));
    requireRoom(folder, Machine.memoryBytes());
  }

  private String prompts() {
    Table table = new Table().row("split", "problems", "prompt tokens", "longest", "too long");
    splits.forEach((split, prompts) ->
        table.row(
            split.name().toLowerCase(Locale.ROOT).replace('_', '-'),
            Units.count(prompts.problems()),
            Units.count(prompts.promptTokens()),
            Units.count(prompts.longest().prompt()),
            Units.count(prompts.tooLong())));
    return table.toString();
  }

  private static String stages(RunPlan plan) {
    boolean sends = plan.totalAmount().sentBytes() > 0;
    Table table =
        new Table()
            .row(
                "stage",
                "items",
                "tokens",
                "operations",
                "bytes moved",
                "time",
                "memory",
                sends ? "each sends" : "");
    addRows(table, plan.start());
    table.row("each of %d iterations".formatted(plan.iterations()));
    addRows(table, plan.iteration());
    addSum(table, "an iteration", plan.iterationAmount());
    addSum(table, "the whole run", plan.totalAmount());
    return table.toString();
  }

  private static void addRows(Table table, List<RunPlan.Row> rows) {
    for (RunPlan.Row row : rows) {
      Work work = row.work();
      boolean computes = work.amount().flops() > 0;
      table.row(
          "  " + work.name(),
          Units.count(work.items()) + " " + work.unit(),
          Units.count(work.tokens()),
          computes ? Units.flops(work.amount().flops()) : "",
          computes ? Units.bytes(Math.round(work.amount().bytes())) : "",
          computes ? Units.seconds(work.amount().seconds()) : "",
          Units.bytes(row.memoryBytes()),
          sent(work.amount()));
    }
  }

  private static void addSum(Table table, String name, Work.Amount amount) {
    table.row(
        name,
        "",
        "",
        Units.flops(amount.flops()),
        Units.bytes(Math.round(amount.bytes())),
        Units.seconds(amount.seconds()),
        "",
        sent(amount));
  }

  /// By each of the processes that hold a model together.
  private static String sent(Work.Amount amount) {
    return amount.sentBytes() > 0 ? Units.bytes(Math.round(amount.sentBytes())) : "";
  }

  private static Table disk(RunPlan plan) {
    Table table = new Table().row("  M_0", Units.bytes(plan.startDiskBytes()));
    plan.iterationDiskBytes()
        .forEach((what, bytes) -> table.row("  each iteration, " + what, Units.bytes(bytes)));
    if (plan.passingDiskBytes() > 0) {
      table.row("  for a while", Units.bytes(plan.passingDiskBytes()));
    }
    for (int t = 1; t <= plan.iterations(); t++) {
      long bytes = plan.startDiskBytes() + t * plan.iterationBytes();
      table.row("  after iteration " + t, Units.bytes(bytes));
    }
    return table;
  }

  /// The folder that is there already, of those around the run's.
  private static Path existing(Path folder) {
    Path there = DiskRoom.existing(folder);
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new IllegalArgumentException(
          there + ": is no folder that can be written to; choose another --out");
    }
    return there;
  }
}
