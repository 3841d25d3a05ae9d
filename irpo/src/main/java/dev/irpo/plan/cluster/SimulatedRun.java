package dev.irpo.plan.cluster;

import dev.irpo.plan.Purpose;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;

/// A run on a cluster, stage by stage.
///
/// @param memory bytes that a processor needs, by purpose, all at the same time
/// @param samplingRanks processors that hold a model together while they sample and score
/// @param busyProcessors of the cluster that have items in a training step
/// @param step a training step
/// @param start before the first iteration
/// @param iteration in each iteration
public record SimulatedRun(
    Strategy strategy,
    Cluster cluster,
    SequencedMap<Purpose, Long> memory,
    int samplingRanks,
    int busyProcessors,
    SimulatedStep step,
    List<Stage> start,
    List<Stage> iteration,
    int iterations) {
  /// A stage.
  ///
  /// @param items what it goes through
  /// @param unit of the items
  public record Stage(String name, long items, String unit, double seconds) {}

  /// Bytes that a processor needs at least.
  public long memoryBytes() {
    return total(memory);
  }

  static long total(SequencedMap<Purpose, Long> memory) {
    return memory.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Whether a processor has as much.
  public boolean fits() {
    return memoryBytes() <= cluster.processor().memoryBytes();
  }

  /// Share of a busy processor's rate of arithmetic that a training step comes to.
  public double shareOfPeak() {
    return step.flops() / step.seconds() / cluster.processor().flops(strategy.precision());
  }

  /// What the program does not do yet of it.
  public List<String> notBuilt() {
    List<String> missing = new ArrayList<>(strategy.notBuilt(cluster));
    if (samplingRanks > 1 && cluster.processor().kind() != Processor.Kind.PROCESS) {
      missing.add("rollouts of a model in slices on GPUs");
    }
    return missing;
  }

  /// Memory that it needs as a share of what a processor has.
  public double shareOfMemory() {
    return memoryBytes() / (double) cluster.processor().memoryBytes();
  }

  /// How long an iteration takes.
  public double iterationSeconds() {
    return seconds(iteration);
  }

  /// How long all of it takes.
  public double seconds() {
    return seconds(start) + iterations * iterationSeconds();
  }

  /// Hours of all processors together.
  public double processorHours() {
    return seconds() / 3600 * cluster.size();
  }

  private static double seconds(List<Stage> stages) {
    return stages.stream().mapToDouble(Stage::seconds).sum();
  }
}
