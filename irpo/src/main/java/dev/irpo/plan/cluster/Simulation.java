package dev.irpo.plan.cluster;

import dev.irpo.config.RunConfig;
import dev.irpo.plan.Longest;
import dev.irpo.plan.PlannedGroup;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.Roofline;
import dev.irpo.plan.RunPlan;
import dev.irpo.plan.RunPrograms;
import dev.irpo.plan.StageCosts;
import dev.irpo.plan.Work;
import dev.irpo.task.Split;
import dev.irpo.train.CheckpointPlan;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;

/// Runs of one configuration with one model on one cluster, to compare strategies.
///
/// Work is that of the programs that a process would compile for its slice of the model; its time
/// is the roofline's, divided by the share of the processor's rates that kernels reach.
public final class Simulation {
  private static final int SUMS_FORWARD_AND_BACKWARD = 4;

  private final RunConfig config;
  private final LlamaConfig model;
  private final Map<Split, PromptCounts> splits;
  private final Cluster cluster;
  private final Assumptions assumptions;
  private final Function<StageCosts, RunPlan> planner;
  private final Map<Key, Planned> planned = new HashMap<>();

  /// What no data sheet says.
  ///
  /// @param utilisation share of the processor's rates, of arithmetic and of memory, that kernels
  ///   reach
  /// @param isMeasured whether that was measured, with a training step
  /// @param storageBytesPerSecond at which a host writes checkpoints
  public record Assumptions(double utilisation, boolean isMeasured, double storageBytesPerSecond) {}

  private record Key(int tensorRanks, Precision precision) {}

  /// The plan of one of the processes that hold a model together.
  private record Planned(RunPrograms programs, StageCosts costs, RunPlan plan, Slice slice) {}

  /// @param splits prompts of each split, of mean lengths
  /// @param planner adds up the stages of the run
  public Simulation(
      RunConfig config,
      LlamaConfig model,
      Map<Split, PromptCounts> splits,
      Cluster cluster,
      Assumptions assumptions,
      Function<StageCosts, RunPlan> planner) {
    this.config = config;
    this.model = model;
    this.splits = splits;
    this.cluster = cluster;
    this.assumptions = assumptions;
    this.planner = planner;
  }

  /// Simulates the run.
  ///
  /// @throws IllegalArgumentException if the strategy divides neither the model nor the cluster
  public SimulatedRun run(Strategy strategy) {
    strategy.requireDivides(cluster);
    Planned training = planned(strategy.tensorRanks(), strategy.precision());
    SequencedMap<Purpose, Long> memory = null;
    int samplingRanks = strategy.tensorRanks();
    for (int ranks = samplingRanks;
        ranks == samplingRanks || canHold(cluster, model, ranks);
        ranks *= 2) {
      samplingRanks = ranks;
      memory = memory(strategy, training, ranks);
      if (SimulatedRun.total(memory) <= cluster.processor().memoryBytes()) {
        break;
      }
    }
    int dataRanks = strategy.dataGroup(cluster).count();
    SimulatedStep step =
        SimulatedStep.of(strategy, cluster, training.slice, work(strategy, training));
    RunPlan plan = planned(samplingRanks, strategy.precision()).plan;
    StageTimes times = new StageTimes(config, model, cluster, strategy, samplingRanks, step);
    List<SimulatedRun.Stage> iteration = times.of(plan.iteration());
    iteration.add(checkpoints(plan, training));
    return new SimulatedRun(
        strategy,
        cluster,
        memory,
        samplingRanks,
        Math.min(dataRanks, config.train().batchSize()) * strategy.tensorRanks(),
        step,
        times.of(plan.start()),
        iteration,
        plan.iterations());
  }

  /// The largest power of two of processors of a host that can hold a model together.
  public static int mostTensorRanks(Cluster cluster, LlamaConfig model) {
    int ranks = 1;
    while (canHold(cluster, model, 2 * ranks)) {
      ranks *= 2;
    }
    return ranks;
  }

  private static boolean canHold(Cluster cluster, LlamaConfig model, int ranks) {
    return cluster.perHost() % ranks == 0
        && model.numHeads() % ranks == 0
        && model.numKvHeads() % ranks == 0
        && model.ffnDim() % ranks == 0;
  }

  private Planned planned(int tensorRanks, Precision precision) {
    return planned.computeIfAbsent(new Key(tensorRanks, precision), this::plan);
  }

  private Planned plan(Key key) {
    LlamaConfig config =
        key.tensorRanks == 1
            ? model
            : model.slice(
                new TensorParallel(new PlannedGroup(key.tensorRanks), new InnerSum.ByProcess()));
    RunPrograms programs =
        new RunPrograms(
            config,
            this.config.with("compute.tensorParallel=1"), // sizes are a slice's already
            Longest.of(splits.values()),
            cluster.size() / key.tensorRanks);
    Roofline.Device device =
        new Roofline.Device(
            assumptions.utilisation * cluster.processor().flops(key.precision),
            assumptions.utilisation * cluster.processor().bytesPerSecond(),
            key.precision == Precision.BF16);
    StageCosts costs = new StageCosts(this.config, programs, splits, device);
    boolean isMapped = cluster.processor().kind() == Processor.Kind.PROCESS;
    Slice slice = Slice.of(config, this.config.trained().of(config), isMapped);
    return new Planned(programs, costs, planner.apply(costs), slice);
  }

  /// What is planned for one process, with a strategy's bytes in place of those that it divides
  /// otherwise.
  private SequencedMap<Purpose, Long> memory(
      Strategy strategy, Planned training, int samplingRanks) {
    SequencedMap<Purpose, Long> bytes = strategy.memory(training.slice, cluster);
    Planned sampling = planned(samplingRanks, strategy.precision());
    if (samplingRanks != strategy.tensorRanks() || strategy.zero().sharesWeights()) {
      bytes.put(
          Purpose.SAMPLING_WEIGHTS,
          sampling.slice.parameters() * strategy.precision().weightBytes());
    }
    training.plan.memory().bytes().forEach(bytes::putIfAbsent);
    for (Purpose purpose : List.of(Purpose.SAMPLING, Purpose.CACHE, Purpose.SCORING)) {
      bytes.computeIfPresent(purpose, (_, _) -> sampling.plan.memory().bytes().get(purpose));
    }
    bytes.keySet().removeIf(purpose -> !cluster.processor().kind().holds(purpose));
    return bytes;
  }

  /// What the busiest processor computes in a step; a pair is not divided.
  private StepWork work(Strategy strategy, Planned training) {
    PromptCounts counts = splits.get(Split.TRAIN);
    StageCosts costs = training.costs;
    int ranks = strategy.dataGroup(cluster).count();
    int items = Math.ceilDiv(config.train().batchSize(), ranks);
    int budget = training.programs.training().tokens();
    double rows = items * costs.trainedTokens(counts);
    Work.Amount passes = costs.microBatch(counts).times(rows / budget);
    boolean recomputes = config.train().recompute();
    double forward = passes.seconds() / (recomputes ? 4 : 3); // backward is twice forward
    return new StepWork(
        passes.flops(),
        forward,
        passes.seconds() - forward,
        updateSeconds(strategy, training, ranks),
        (int) Math.ceil(rows / budget),
        rows,
        recomputes ? SUMS_FORWARD_AND_BACKWARD + 1 : SUMS_FORWARD_AND_BACKWARD);
  }

  /// The programs clear a whole gradient.
  private static double updateSeconds(Strategy strategy, Planned training, int ranks) {
    double bytes = (double) Float.BYTES * training.slice.trained();
    double notCleared = strategy.zero().sharesGradients() ? 1 - 1.0 / ranks : 0;
    double clearing = bytes / training.costs.device().bytesPerSecond();
    return training.costs.update().seconds() - notCleared * clearing;
  }

  /// Writing the checkpoints of all trainings of an iteration and its model, which all hosts share.
  private SimulatedRun.Stage checkpoints(RunPlan plan, Planned training) {
    int[] every = {config.train().checkpointEverySteps(), config.train().evaluateEverySteps()};
    long count =
        plan.iteration().stream()
            .map(RunPlan.Row::work)
            .filter(work -> work.kind() == Work.Kind.TRAIN)
            .mapToLong(work -> CheckpointPlan.stops(Math.toIntExact(work.items()), every).size())
            .sum();
    double trained = training.slice.trained() / (double) training.slice.parameters();
    double model = (double) Float.BYTES * this.model.numParameters();
    RunPrograms.Training ofSlice = training.programs.training();
    double copies = ofSlice.checkpointBytes() / (double) ofSlice.trainedBytes();
    double bytes = count * copies * trained * model + model;
    double seconds = bytes / (cluster.hosts() * assumptions.storageBytesPerSecond);
    return new SimulatedRun.Stage("write checkpoints and model", count, "checkpoints", seconds);
  }
}
