package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.distributed.Group;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.TensorParallel;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/// The processes that a command was started as, mostly one. They hold its model together, each a
/// slice of it; the first reads the lines and prints the results.
final class ModelProcesses implements AutoCloseable {
  private final Processes processes;
  private final boolean isReproducible;

  /// @param isReproducible whether no bit shall depend on their number
  ModelProcesses(Group group, boolean isReproducible) {
    processes = Processes.of(group);
    this.isReproducible = isReproducible;
  }

  /// A process that has the whole model.
  static ModelProcesses alone() {
    return new ModelProcesses(Group.alone(), false);
  }

  /// How a model is divided among them.
  ///
  /// @throws IllegalArgumentException if their number does not divide the slices of a sum
  TensorParallel parallel(LlamaConfig whole) {
    InnerSum sum =
        isReproducible ? new InnerSum.Tree(whole.treeSlices()) : new InnerSum.ByProcess();
    return new TensorParallel(group(), sum);
  }

  /// This process's share of the machine's memory.
  long memoryBytes() {
    return processes.memoryBytes();
  }

  /// What computes, with this process's share of the cores.
  ComputeSettings compute(ComputeSettings wanted) {
    return processes.compute(wanted);
  }

  /// Whether this one prints what all have found.
  boolean prints() {
    return processes.isFirst();
  }

  /// The lines of the first one's standard input, in all of them.
  JsonLines.LineReader standardInput() {
    InputStreamReader own = new InputStreamReader(System.in, StandardCharsets.UTF_8);
    return JsonLines.standardInput(
        new BufferedReader(group().size() == 1 ? own : new SharedReader(group(), own)));
  }

  private Group group() {
    return processes.group();
  }

  /// After the work is done in all of them.
  void finish() {
    group().finish();
  }

  @Override
  public void close() {
    group().close();
  }
}
