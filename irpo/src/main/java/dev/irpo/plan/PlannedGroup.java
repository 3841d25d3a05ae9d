package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.distributed.Pending;
import dev.irpo.distributed.SharedCounter;
import dev.irpo.train.Division;
import dev.irpo.transformer.parallel.InnerSum;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.parallel.TensorParallel;
import java.lang.foreign.MemorySegment;

/// The first process of a group that is only planned: it has a size, and nobody to talk to.
///
/// @param size number of processes
public record PlannedGroup(int size) implements Group {
  @Override
  public int rank() {
    return 0;
  }

  @Override
  public String name() {
    return "rank 0 of %d planned ones".formatted(size);
  }

  @Override
  public String host() {
    return "a planned host";
  }

  /// How a configuration would divide so many processes.
  ///
  /// @throws IllegalArgumentException as [Division#require]
  public static Replicas replicas(RunConfig config, int processes) {
    Division.require(config, processes);
    int ranks = config.compute().tensorParallel();
    TensorParallel model =
        ranks == 1
            ? TensorParallel.alone()
            : new TensorParallel(new PlannedGroup(ranks), new InnerSum.ByProcess());
    return new Replicas(new PlannedGroup(processes), new PlannedGroup(processes / ranks), model);
  }

  private static IllegalStateException nobody() {
    return new IllegalStateException("a planned group moves nothing");
  }

  @Override
  public Pending startReduceScatter(MemorySegment segment, Element element, Partition partition) {
    throw nobody();
  }

  @Override
  public Pending startAllGather(MemorySegment segment, Element element, Partition partition) {
    throw nobody();
  }

  @Override
  public Pending startAllReduce(MemorySegment segment, Element element) {
    throw nobody();
  }

  @Override
  public Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    throw nobody();
  }

  @Override
  public Pending startBroadcast(MemorySegment segment, int root) {
    throw nobody();
  }

  @Override
  public void barrier() {
    throw nobody();
  }

  @Override
  public Group split(int color, int key) {
    throw nobody();
  }

  @Override
  public SharedCounter counter() {
    throw nobody();
  }

  @Override
  public void abort(String reason) {
    throw nobody();
  }

  @Override
  public void finish() {
    throw nobody();
  }

  @Override
  public void close() {}
}
