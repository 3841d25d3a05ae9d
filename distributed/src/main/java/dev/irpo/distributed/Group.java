package dev.irpo.distributed;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// The processes that work together, seen from one of them; see the package for the terms.
///
/// Every method but [#rank], [#size], [#name], [#host] and [#abort] is a collective: all ranks of
/// the group call it, in the same order and with the same sizes, element types, partitions and
/// roots. A rank that does not come lets the others wait until the group's timeout ends the job.
/// Memory is off the heap, and belongs to the collective until it is done. Any thread may call, one
/// at a time.
///
/// ```text
/// try (Group group = Group.open()) {
///   ...                the work
///   group.finish();    not reached if the work failed: then the whole job ends
/// }
/// ```
public interface Group extends AutoCloseable {
  /// The group that this process was started into: by a launcher of MPI (`mpirun`, `srun`) that of
  /// all its processes, else the one of a process that is [#alone].
  ///
  /// @throws GroupFailure if there are other processes that can't be reached: the library is
  ///   missing, or is not the launcher's
  static Group open() {
    Map<String, String> environment = System.getenv();
    if (MpiLibrary.NONE.equals(environment.get(MpiLibrary.VARIABLE))) {
      return alone();
    }
    return Launch.of(environment)
        .filter(launch -> launch.size() != 1)
        .map(launch -> MpiGroup.of(MpiJob.join(launch, environment)))
        .orElseGet(Group::alone);
  }

  /// The group of one process that is alone. It loads no library.
  static Group alone() {
    return new LocalGroup();
  }

  /// This process's number, from 0.
  int rank();

  /// Number of ranks.
  int size();

  /// This process in messages, such as `rank 2 of 4 on node7`.
  String name();

  /// The machine that this process runs on.
  String host();

  /// How many ranks of this group run on this rank's machine, and share its cores and memory.
  default int countOnHost() {
    byte[] own = host().getBytes(StandardCharsets.UTF_8);
    return (int) allGatherBytes(own).stream().filter(host -> Arrays.equals(host, own)).count();
  }

  /// Whether this rank does what only one shall do.
  default boolean isFirst() {
    return rank() == 0;
  }

  /// Starts adding up every rank's segment; each rank gets the sum of its own range, in place.
  /// Afterwards only this range is defined.
  ///
  /// @param segment all elements of the partition
  /// @param element a type that has a sum
  /// @throws IllegalArgumentException if type, segment and partition do not fit
  Pending startReduceScatter(MemorySegment segment, Element element, Partition partition);

  /// Starts copying every rank's own range to all, in place.
  ///
  /// @param segment all elements of the partition
  /// @throws IllegalArgumentException if segment and partition do not fit
  Pending startAllGather(MemorySegment segment, Element element, Partition partition);

  /// Starts adding up every rank's segment; each rank gets the whole sum, in place and the same
  /// bits.
  ///
  /// @param element a type that has a sum
  /// @throws IllegalArgumentException if type and segment do not fit
  Pending startAllReduce(MemorySegment segment, Element element);

  /// Starts sending each range to the rank whose own it is, from all ranks: what [#reduceScatter]
  /// would add up.
  ///
  /// @param segment all elements of the partition; unchanged
  /// @param copies rank 0's copy of this rank's range, then rank 1's, and so on; no part of
  ///   `segment`
  /// @throws IllegalArgumentException if segments and partition do not fit
  Pending startExchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies);

  /// Starts copying one rank's segment to all.
  ///
  /// @param root the rank whose segment it is
  /// @throws IllegalArgumentException if there is no such rank
  Pending startBroadcast(MemorySegment segment, int root);

  /// [#startReduceScatter], and waits.
  default void reduceScatter(MemorySegment segment, Element element, Partition partition) {
    startReduceScatter(segment, element, partition).await();
  }

  /// [#startAllGather], and waits.
  default void allGather(MemorySegment segment, Element element, Partition partition) {
    startAllGather(segment, element, partition).await();
  }

  /// [#startAllReduce], and waits.
  default void allReduce(MemorySegment segment, Element element) {
    startAllReduce(segment, element).await();
  }

  /// [#startExchange], and waits.
  default void exchange(
      MemorySegment segment, Element element, Partition partition, MemorySegment copies) {
    startExchange(segment, element, partition, copies).await();
  }

  /// [#startBroadcast], and waits.
  default void broadcast(MemorySegment segment, int root) {
    startBroadcast(segment, root).await();
  }

  /// Waits until all ranks have come here, and everything they started before is done.
  void barrier();

  /// Every rank's number, in the order of ranks: one that is added up from them is the same
  /// everywhere.
  default double[] allGatherDouble(double value) {
    return SmallValues.doubles(this, value);
  }

  /// Every rank's number, in the order of ranks.
  default long[] allGatherLong(long value) {
    return SmallValues.longs(this, value);
  }

  /// Every rank's bytes, in the order of ranks; their numbers may differ.
  default List<byte[]> allGatherBytes(byte[] value) {
    return SmallValues.bytes(this, value);
  }

  /// The group of those ranks that name the same color, such as the ranks that hold the same slice
  /// of a model. It ends with this one.
  ///
  /// @param color 0 or more
  /// @param key order of ranks in the new group; ranks with the same key keep their order
  /// @throws IllegalArgumentException if the color is negative
  Group split(int color, int key);

  /// A new number that all ranks take turns at, 0 at first.
  SharedCounter counter();

  /// Ends the whole job at once, this process and all others, with an error. Any rank may call it,
  /// alone. It does not return.
  ///
  /// @param reason one line, which is logged
  /// @throws GroupFailure with the reason, where ending the job is the caller's
  void abort(String reason);

  /// Waits until all ranks have done their work; the group of all ranks also disconnects them, and
  /// nothing but [#close] may follow.
  void finish();

  /// Gives the group up. Without [#finish] before, the work has failed: the whole job ends when
  /// this process does, and soon in any case.
  @Override
  void close();
}
