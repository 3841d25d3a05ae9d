package dev.irpo.cli;

import dev.irpo.config.RunConfig;
import dev.irpo.model.Machine;
import dev.irpo.model.Roofline;
import dev.irpo.rollout.Prompts;
import dev.irpo.run.RunFolder;
import dev.irpo.run.WorkPlan;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.train.TrainingFolder;
import dev.irpo.transformer.LlamaConfig;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The work of a run, counted from its problems; every file is read for it.
///
/// @param splits problems of each split
/// @param memory bytes and graphs
record RunWork(
    RunConfig config, LlamaConfig model, Map<Split, SplitPrompts> splits, WorkPlan memory) {
  private static final Roofline.Device ANY = new Roofline.Device(1, 1, false); // only counted

  /// Prompts of a split.
  ///
  /// @param tokens of all prompts
  /// @param longest tokens of the longest one that leaves room for a response
  record SplitPrompts(int problems, long tokens, int longest) {}

  static RunWork of(RunConfig config, LlamaConfig model, Prompts prompts) throws IOException {
    Map<Split, SplitPrompts> splits = new EnumMap<>(Split.class);
    int longest = 1;
    for (Split split : Split.values()) {
      List<Problem> problems = prompts.task().problems(split);
      long sum = problems.stream().mapToLong(problem -> prompts.ids(problem).length).sum();
      int most = prompts.longest(problems);
      splits.put(split, new SplitPrompts(problems.size(), sum, most));
      longest = Math.max(longest, most);
    }
    return new RunWork(config, model, splits, WorkPlan.of(model, config, longest, 1));
  }

  private long pairsAtMost() {
    long built = (long) splits.get(Split.TRAIN).problems() * config.pairs().perPrompt();
    int most = config.pairs().atMost();
    return most > 0 ? Math.min(built, most) : built;
  }

  /// Optimizer steps of an iteration at most.
  private long steps() {
    long batch = config.train().batchSize();
    return config.train().steps() > 0
        ? config.train().steps()
        : (pairsAtMost() * config.train().epochs() + batch - 1) / batch;
  }

  /// Models of four bytes a weight, checkpoints of twelve.
  private long diskBytes() {
    long weights = memory.bytes().get("weights");
    int total = (int) Math.min(steps(), Integer.MAX_VALUE);
    long checkpoints = 0;
    for (int step = 0; step < total; checkpoints++) {
      step =
          TrainingFolder.nextStop(
              step,
              total,
              config.train().checkpointEverySteps(),
              config.train().evaluateEverySteps());
    }
    return (long) (weights + config.iterations() * (checkpoints * 3.0 * weights + weights));
  }

  /// Refuses a run that the memory, the folder or the disk has no room for. How much a begun run
  /// still writes is not known, but that the next checkpoint and model must have room.
  ///
  /// @throws IllegalArgumentException naming the need and what there is
  void requireRoom(Path out) throws IOException {
    memory.requireFits(Machine.memoryBytes());
    Path there = out.toAbsolutePath().normalize();
    while (!Files.exists(there)) {
      there = there.getParent();
    }
    if (!Files.isDirectory(there) || !Files.isWritable(there)) {
      throw new IllegalArgumentException(
          there + ": is no folder that can be written to; choose another --out");
    }
    long free = Files.getFileStore(there).getUsableSpace();
    boolean isBegun = Files.exists(new RunFolder(out).configFile());
    long needed = isBegun ? 4 * memory.bytes().get("weights") : diskBytes();
    if (free < needed) {
      throw new IllegalArgumentException(
          "%s: %s %s, the disk has %s; %s"
              .formatted(
                  there,
                  isBegun ? "the next checkpoint and model take" : "models and checkpoints take",
                  WorkPlan.gigabytes(needed),
                  WorkPlan.gigabytes(free),
                  isBegun
                      ? "make room there"
                      : "keep fewer checkpoints (train.checkpointEverySteps) or choose another"
                            + " --out"));
    }
  }

  void print(PrintStream out) {
    out.printf("%-26s %12s %16s %12s%n", "split", "problems", "prompt tokens", "longest");
    splits.forEach((split, prompts) ->
        out.printf(
            "%-26s %12d %16d %12d%n",
            split.name().toLowerCase(Locale.ROOT),
            prompts.problems(),
            prompts.tokens(),
            prompts.longest()));
    long rollouts = (long) splits.get(Split.TRAIN).problems() * config.rollouts().perPrompt();
    long votes = 1L + config.evaluate().majoritySamples();
    long responses = rollouts + votes * splits.get(Split.TEST).problems();
    double newTokens = (double) config.rollouts().maxNewTokens();
    double trained = (double) steps() * config.train().batchSize() * (meanPrompt() + 2 * newTokens);
    out.printf("%nAn iteration, at most; of %d%n", config.iterations());
    line(out, "rollouts", rollouts);
    line(out, "response tokens", (long) (rollouts * newTokens));
    line(out, "evaluation responses", responses - rollouts);
    line(out, "pairs", pairsAtMost());
    line(out, "steps", steps());
    double keys = meanPrompt() + newTokens / 2;
    double decode = memory.decodeStep(keys, ANY).flops() * responses * newTokens / memory.slots();
    double train = memory.trainStep(keys, ANY).flops() * trained / memory.microTokens();
    out.printf(Locale.ROOT, "  %-26s %16.3f TFLOP%n", "sampling", decode / 1e12);
    out.printf(Locale.ROOT, "  %-26s %16.3f TFLOP%n", "training", train / 1e12);
    out.printf("%n%-28s %16s%n", "disk, the whole run", WorkPlan.gigabytes(diskBytes()));
    memory
        .bytes()
        .forEach(
            (purpose, bytes) -> out.printf("%-28s %16s%n", purpose, WorkPlan.gigabytes(bytes)));
    out.printf("%-28s %16s%n", "memory together", WorkPlan.gigabytes(memory.totalBytes()));
    out.println("nothing was computed or written");
  }

  /// Mean tokens of a train prompt.
  private double meanPrompt() {
    SplitPrompts train = splits.get(Split.TRAIN);
    return train.tokens() / (double) Math.max(1, train.problems());
  }

  private static void line(PrintStream out, String what, long count) {
    out.printf("  %-26s %16d%n", what, count);
  }
}
