package dev.irpo.transformer.train;

import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Buffer;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.ParameterLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// Which elements of the trained parameters each process updates: a range of each bucket.
///
/// A bucket is the parameters of a section of the model, whose gradients are complete at about the
/// same time; one process has a single bucket. Each bucket is divided into the parts of the
/// [Sharding], and the parts into the ranges of the processes.
public final class ShardedLayout {
  /// Elements that a range begins and ends at, 64 bytes in single precision.
  private static final long ALIGNMENT = 16;

  private final ParameterLayout trained;
  private final Sharding sharding;
  private final List<Range> buckets;

  /// A range of elements of a flat layout.
  public record Range(long begin, long end) {
    /// Number of elements.
    public long length() {
      return end - begin;
    }
  }

  /// Elements of one parameter that a process updates.
  ///
  /// @param slice the parameter
  /// @param begin of its first element among those of the parameter
  /// @param offset of the same element among all that the process updates
  public record Owned(ParameterLayout.Slice slice, long begin, long offset, long length) {}

  ShardedLayout(ParameterLayout trained, Sharding sharding) {
    this.trained = trained;
    this.sharding = sharding;
    buckets =
        sharding.parts() == 1 ? List.of(new Range(0, trained.numElements())) : bySection(trained);
  }

  private static List<Range> bySection(ParameterLayout trained) {
    List<Range> buckets = new ArrayList<>();
    List<ParameterLayout.Slice> slices = trained.slices();
    long begin = 0;
    for (int i = 1; i <= slices.size(); i++) {
      boolean isLast = i == slices.size();
      if (isLast || !section(slices.get(i)).equals(section(slices.get(i - 1)))) {
        long end = isLast ? trained.numElements() : slices.get(i).offset();
        buckets.add(new Range(begin, end));
        begin = end;
      }
    }
    return buckets;
  }

  private static String section(ParameterLayout.Slice slice) {
    return Llama.sectionOf(slice.name());
  }

  /// The section of the model whose parameters are in a bucket.
  String section(int bucket) {
    return section(slices(bucket).getFirst());
  }

  /// The parameters in a bucket.
  List<ParameterLayout.Slice> slices(int bucket) {
    Range range = buckets.get(bucket);
    return trained.slices().stream()
        .filter(slice -> slice.offset() >= range.begin() && slice.offset() < range.end())
        .toList();
  }

  /// The layout of the trained parameters.
  public ParameterLayout trained() {
    return trained;
  }

  /// The buckets, as ranges of that layout.
  List<Range> buckets() {
    return buckets;
  }

  /// The range of a bucket that a part is, in the layout of the trained parameters.
  Range part(int bucket, int part) {
    return new Range(bound(bucket, part), bound(bucket, part + 1));
  }

  /// The range of a bucket that a process updates, in the layout of the trained parameters.
  Range owned(int bucket, int rank) {
    return new Range(
        bound(bucket, sharding.firstOwned(rank)), bound(bucket, sharding.firstOwned(rank + 1)));
  }

  private long bound(int bucket, int part) {
    Range range = buckets.get(bucket);
    long blocks = Math.ceilDiv(range.length(), ALIGNMENT);
    return Math.min(range.end(), range.begin() + blocks * part / sharding.parts() * ALIGNMENT);
  }

  /// What each process updates of a bucket.
  Partition partition(int bucket) {
    return Partition.ofLengths(
        IntStream.range(0, sharding.group().size())
            .mapToLong(rank -> owned(bucket, rank).length())
            .toArray());
  }

  /// The ranges that this process updates, bucket by bucket, in the layout of the trained
  /// parameters. Its moments have them end to end.
  public List<Range> owned() {
    int rank = sharding.group().rank();
    return IntStream.range(0, buckets.size()).mapToObj(bucket -> owned(bucket, rank)).toList();
  }

  /// The same parameter by parameter, without the padding between them.
  public List<Owned> ownedSlices() {
    List<Owned> pieces = new ArrayList<>();
    long before = 0;
    for (Range range : owned()) {
      for (ParameterLayout.Slice slice : trained.slices()) {
        long begin = Math.max(range.begin(), slice.offset());
        long end = Math.min(range.end(), slice.offset() + slice.shape().numElements());
        if (begin < end) {
          pieces.add(
              new Owned(
                  slice, begin - slice.offset(), before + begin - range.begin(), end - begin));
        }
      }
      before += range.length();
    }
    return pieces;
  }

  /// What this process updates of a bucket, in a buffer that has all that it updates end to end.
  Buffer ownedOf(Buffer all, int bucket) {
    List<Range> ranges = owned();
    long before = ranges.subList(0, bucket).stream().mapToLong(Range::length).sum();
    return all.slice(before, ranges.get(bucket).length());
  }

  /// Elements that this process updates.
  public long numOwned() {
    return owned().stream().mapToLong(Range::length).sum();
  }
}
