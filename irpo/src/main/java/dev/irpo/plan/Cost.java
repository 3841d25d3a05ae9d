package dev.irpo.plan;

import dev.irpo.tensor.Compilation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// What a stage of a run costs.
///
/// @param memory bytes that it needs by purpose; stages that name the same purpose share it
/// @param disk bytes that it leaves in the run folder, by purpose
/// @param passingDisk bytes in the run folder that a later stage of the iteration, or itself,
///   deletes
/// @param programs that it runs, for what a backend keeps for itself
/// @param work all that it does, a part per row
/// @param repeated what it does over and over: one time of it
public record Cost(
    SequencedMap<Purpose, Long> memory,
    SequencedMap<Purpose, Long> disk,
    long passingDisk,
    List<Compilation> programs,
    List<Work> work,
    List<Work> repeated) {
  /// Costs nothing.
  public static final Cost NONE =
      new Cost(new LinkedHashMap<>(), new LinkedHashMap<>(), 0, List.of(), List.of(), List.of());

  /// Also keeps so many bytes.
  public Cost inMemory(Purpose purpose, long bytes) {
    return new Cost(with(memory, purpose, bytes), disk, passingDisk, programs, work, repeated);
  }

  /// Also writes so many bytes.
  public Cost onDisk(Purpose purpose, long bytes) {
    return new Cost(memory, with(disk, purpose, bytes), passingDisk, programs, work, repeated);
  }

  /// Also writes so many bytes that do not stay.
  public Cost onDiskForAWhile(long bytes) {
    return new Cost(memory, disk, passingDisk + bytes, programs, work, repeated);
  }

  /// Also does this.
  public Cost doing(Work more) {
    return new Cost(memory, disk, passingDisk, programs, with(work, more), repeated);
  }

  /// Also does this over and over.
  public Cost repeating(Work one) {
    return new Cost(memory, disk, passingDisk, programs, work, with(repeated, one));
  }

  /// Also runs these.
  public Cost running(Compilation... more) {
    List<Compilation> all = new ArrayList<>(programs);
    all.addAll(List.of(more));
    return new Cost(memory, disk, passingDisk, all, work, repeated);
  }

  private static SequencedMap<Purpose, Long> with(
      SequencedMap<Purpose, Long> map, Purpose key, long value) {
    SequencedMap<Purpose, Long> more = new LinkedHashMap<>(map);
    more.merge(key, value, Long::sum);
    return more;
  }

  private static List<Work> with(List<Work> list, Work one) {
    List<Work> more = new ArrayList<>(list);
    more.add(one);
    return more;
  }
}
