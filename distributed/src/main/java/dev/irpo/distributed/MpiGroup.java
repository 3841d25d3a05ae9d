package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A group of processes that MPI connects. Sums are added up in the order of ranks. Memory is the
/// host's.
final class MpiGroup implements Group {
  /// Below it a collective is not worth a gate.
  private static final long SMALL_BYTES = 64 << 10;

  private final MpiJob job;
  private final Channel channel;
  private final Transfers transfers;
  private Channel questions;
  private long counters;

  /// Made on the thread that calls MPI.
  private MpiGroup(MpiJob job, long communicator) {
    this.job = job;
    MpiRank at = MpiRank.of(job.mpi(), communicator);
    channel = new Channel(job.mpi(), at);
    transfers = new Transfers(job.mpi(), at, new Scratch());
    job.thread().add(channel);
  }

  /// All processes of a job.
  static Group of(MpiJob job) {
    return job.thread().call(() -> new MpiGroup(job, job.world().communicator()));
  }

  @Override
  public int rank() {
    return channel.at().rank();
  }

  @Override
  public int size() {
    return channel.at().size();
  }

  @Override
  public String name() {
    return job.name();
  }

  @Override
  public String host() {
    return job.host();
  }

  @Override
  public Pending startReduceScatter(MemorySegment segment, Element element, Partition partition) {
    element.requireSum(segment);
    partition.requireFit(segment, element, size());
    RangeParts parts = parts(segment, element, partition);
    return start("reduce-scatter", segment, transfers.reduceScatter(parts));
  }

  @Override
  public Pending startAllGather(MemorySegment segment, Element element, Partition partition) {
    partition.requireFit(segment, element, size());
    RangeParts parts = parts(segment, element, partition);
    return start("all-gather", segment, transfers.allGather(parts));
  }

  @Override
  public Pending startAllReduce(MemorySegment segment, Element element) {
    element.requireSum(segment);
    AllReduceMessages messages = AllReduceMessages.of(segment.byteSize(), element, size());
    if (messages.areSentAtOnce()) {
      return start("all-reduce", segment, transfers.allReduceAtOnce(segment, element));
    }
    RangeParts parts = parts(segment, element, messages.partition());
    FuturePending sums = start("all-reduce", segment, transfers.reduceScatter(parts));
    FuturePending copies = start("all-reduce", segment, transfers.allGather(parts));
    return new FuturePending(CompletableFuture.allOf(sums.future(), copies.future()));
  }

  @Override
  public Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    partition.requireCopies(segment, element, this, copies);
    requireNative(copies);
    RangeParts sent = parts(segment, element, partition);
    return start("exchange", segment, transfers.exchange(sent, copies));
  }

  @Override
  public Pending startBroadcast(MemorySegment segment, int root) {
    Ranks.requireRank(root, size());
    return start("broadcast", segment, transfers.broadcast(segment, root));
  }

  private static RangeParts parts(MemorySegment segment, Element element, Partition partition) {
    return RangeParts.of(segment, element, partition, Transfers.BUCKET_BYTES);
  }

  private FuturePending start(String name, MemorySegment segment, Rounds rounds) {
    requireNative(segment);
    Collective<Void> collective = new Collective<>(name, rounds, () -> null);
    if (segment.byteSize() > SMALL_BYTES) {
      collective.afterGate();
    }
    return new FuturePending(job.thread().start(channel, collective));
  }

  private static void requireNative(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException("memory of the Java heap can't be moved, it may move");
    }
  }

  @Override
  public void barrier() {
    together("barrier", () -> null);
  }

  /// What all ranks do at the same time on the thread that calls MPI.
  private <T> T together(String name, Supplier<T> result) {
    Collective<T> collective = new Collective<>(name, Rounds.NONE, result);
    return FuturePending.join(job.thread().start(channel, collective.afterGate()));
  }

  @Override
  public Group split(int color, int key) {
    Ranks.requireColor(color);
    long communicator = channel.at().communicator();
    return together("split", () -> new MpiGroup(job, job.mpi().split(communicator, color, key)));
  }

  /// All counters of a group have one host and one communicator, of which a library has a few
  /// thousand at most.
  @Override
  public SharedCounter counter() {
    return together(
        "counter",
        () -> {
          if (questions == null) {
            questions = askHost();
          }
          counters++;
          return new MpiCounter(job, questions, counters);
        });
  }

  private Channel askHost() {
    Mpi mpi = job.mpi();
    MpiRank at = MpiRank.of(mpi, mpi.duplicate(channel.at().communicator()));
    if (at.rank() == 0) {
      job.thread().add(new CounterHost(mpi, at));
    }
    Channel asked = new Channel(mpi, at);
    job.thread().add(asked);
    return asked;
  }

  @Override
  public void abort(String reason) {
    job.abort(reason);
  }

  @Override
  public void finish() {
    barrier();
    if (isWorld()) {
      job.leave();
    }
  }

  @Override
  public void close() {
    if (isWorld()) {
      job.abandon();
    }
  }

  private boolean isWorld() {
    return channel.at().equals(job.world());
  }
}
