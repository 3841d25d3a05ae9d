package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Backend;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;

/// What a run takes, added up from the costs of its stages.
///
/// Every iteration takes the same at most: no response is longer than it may get, and no problem
/// gives fewer pairs than it can.
///
/// @param start before the first iteration
/// @param iteration in each iteration
/// @param memory at the end
/// @param startDiskBytes of M_0
/// @param iterationDiskBytes that an iteration leaves, by purpose
/// @param passingDiskBytes most that an iteration takes besides for a while
public record RunPlan(
    int iterations,
    List<Row> start,
    List<Row> iteration,
    MemoryNeed memory,
    long startDiskBytes,
    SequencedMap<Purpose, Long> iterationDiskBytes,
    long passingDiskBytes) {
  /// A part of a stage.
  ///
  /// @param memoryBytes that the run holds then, in the first iteration
  public record Row(Work work, long memoryBytes) {}

  /// Adds up.
  ///
  /// @param backend says what it keeps for itself
  public static RunPlan of(
      RunConfig config,
      RunPrograms programs,
      List<Cost> start,
      List<Cost> iteration,
      Backend backend) {
    List<Cost> costs = Stream.concat(start.stream(), iteration.stream()).toList();
    List<List<Row>> rows = new ArrayList<>();
    MemoryNeed memory = null;
    for (int i = 0; i < costs.size(); i++) {
      memory = MemoryNeed.of(config, programs, costs.subList(0, i + 1), backend);
      long held = memory.totalBytes();
      rows.add(
          costs.get(i).work().stream()
              .filter(work -> work.items() > 0)
              .map(work -> new Row(work, held))
              .toList());
    }
    SequencedMap<Purpose, Long> disk = new LinkedHashMap<>();
    iteration.forEach(
        cost -> cost.disk().forEach((purpose, bytes) -> disk.merge(purpose, bytes, Long::sum)));
    return new RunPlan(
        config.iterations(),
        rows.subList(0, start.size()).stream().flatMap(List::stream).toList(),
        rows.subList(start.size(), rows.size()).stream().flatMap(List::stream).toList(),
        memory,
        programs.storedBytes(),
        disk,
        iteration.stream().mapToLong(Cost::passingDisk).max().orElse(0));
  }

  /// Work of an iteration.
  public Work.Amount iterationAmount() {
    return amount(iteration);
  }

  /// Work of the whole run.
  public Work.Amount totalAmount() {
    return amount(start).plus(amount(iteration).times((double) iterations));
  }

  /// Bytes on disk that an iteration leaves.
  public long iterationBytes() {
    return iterationDiskBytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Bytes on disk that the whole run takes at most.
  public long totalDiskBytes() {
    return startDiskBytes + iterations * iterationBytes() + passingDiskBytes;
  }

  private static Work.Amount amount(List<Row> rows) {
    return rows.stream()
        .map(row -> row.work().amount())
        .reduce(Work.Amount.NONE, Work.Amount::plus);
  }
}
