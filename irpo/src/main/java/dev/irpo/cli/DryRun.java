package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.plan.Machine;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.RunPlan;
import dev.irpo.plan.Stage;
import dev.irpo.plan.Units;
import dev.irpo.plan.WorkPlan;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.task.Split;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The whole plan of a run, from its files.
///
/// @param splits their prompts
/// @param work bytes and graphs
record DryRun(RunConfig config, LlamaConfig model, Map<Split, PromptCounts> splits, WorkPlan work) {
  private static final Roofline.Device ANY = new Roofline.Device(1, 1, false); // only counted

  static DryRun of(RunConfig config, Prompts prompts) throws IOException {
    Map<Split, PromptCounts> splits = PromptCounts.of(config, prompts);
    LlamaConfig model = prompts.model();
    WorkPlan work = WorkPlan.of(model, config, RunPlan.longest(splits), 1);
    return new DryRun(config, model, splits, work);
  }

  /// Refuses a run that the memory, the folder or the disk has no room for. How much a begun run
  /// still writes is not known, but that the next checkpoint and model must have room.
  ///
  /// @throws IllegalArgumentException naming the need and what there is
  void requireRoom(Path folder) throws IOException {
    work.requireFits(Machine.memoryBytes());
    Path disk = existing(folder);
    boolean isBegun = Files.exists(new RunFolder(folder).configFile());
    long needed =
        isBegun
            ? 4 * Float.BYTES * model.numParameters()
            : RunPlan.of(config, splits, work, ANY).totalDiskBytes();
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
                      : "keep fewer checkpoints (train.checkpointEverySteps) or choose another"
                          + " --out"));
    }
  }

  /// Prints the plan of a run into a folder, then refuses what cannot fit.
  ///
  /// @throws IllegalArgumentException if the folder cannot be written to, or the memory or the disk
  ///   is too small
  void print(PrintStream out, Path folder) throws IOException {
    Path disk = existing(folder);
    Rates rates = Rates.measured(config.compute());
    RunPlan plan = RunPlan.of(config, splits, work, rates.device());
    out.printf(
        Locale.ROOT,
        "%s, %d iterations, a model of %.4g billion parameters%n%n",
        config.task().name().name().toLowerCase(Locale.ROOT).replace('_', '-'),
        config.iterations(),
        model.numParameters() / 1e9);
    out.println(prompts());
    out.println(
        "Counts are at most: responses as long as they may get, pairs as many as there can be.");
    out.println("Times are at least: " + rates + ".\n");
    out.println(stages(plan));
    long free = Files.getFileStore(disk).getUsableSpace();
    out.println("Disk\n" + disk(plan).row("  free there", Units.bytes(free)));
    out.println("Memory\n" + MemoryTable.of(work));
    requireRoom(folder);
  }

  private String prompts() {
    Table table = new Table().row("split", "problems", "prompt tokens", "longest", "too long");
    splits.forEach((split, prompts) ->
        table.row(
            split.name().toLowerCase(Locale.ROOT).replace('_', '-'),
            Units.count(prompts.problems()),
            Units.count(prompts.promptTokens()),
            Units.count(prompts.longestPrompt()),
            Units.count(prompts.tooLong())));
    return table.toString();
  }

  private String stages(RunPlan plan) {
    Table table = new Table().row("stage", "items", "tokens", "work", "time", "memory");
    addStages(table, plan.start());
    table.row("each of %d iterations".formatted(plan.iterations()));
    addStages(table, plan.iteration());
    addSum(table, "an iteration", plan.iterationFlops(), plan.iterationSeconds());
    addSum(table, "the whole run", plan.totalFlops(), plan.totalSeconds());
    return table.toString();
  }

  private static void addStages(Table table, List<Stage> stages) {
    for (Stage stage : stages) {
      table.row(
          "  " + stage.name(),
          Units.count(stage.items()) + " " + stage.unit(),
          Units.count(stage.tokens()),
          stage.flops() > 0 ? Units.flops(stage.flops()) : "",
          stage.flops() > 0 ? Units.seconds(stage.seconds()) : "",
          Units.bytes(stage.memoryBytes()));
    }
  }

  private static void addSum(Table table, String name, double flops, double seconds) {
    table.row(name, "", "", Units.flops(flops), Units.seconds(seconds));
  }

  private static Table disk(RunPlan plan) {
    Table table = new Table().row("  M_0", Units.bytes(plan.startDiskBytes()));
    plan.iterationDiskBytes()
        .forEach((what, bytes) -> table.row("  each iteration, " + what, Units.bytes(bytes)));
    for (int t = 1; t <= plan.iterations(); t++) {
      long bytes = plan.startDiskBytes() + t * plan.iterationBytes();
      table.row("  after iteration " + t, Units.bytes(bytes));
    }
    return table;
  }

  /// The folder that is there already, of those around the run's.
  private static Path existing(Path folder) {
    Path there = folder.toAbsolutePath().normalize();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new IllegalArgumentException(
          there + ": is no folder that can be written to; choose another --out");
    }
    return there;
  }
}
