package dev.irpo.plan.cluster;

import dev.irpo.plan.Purpose;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// How a training is divided among processors: `tensorRanks` neighbours hold a model together
/// (Megatron-LM, arXiv:2104.04473, section 2.3), and those with the same slice of it, one of each
/// such group, are data-parallel ranks, which deal out a step's items and share what [Zero] says.
///
/// @param precision element types
/// @param overlap what computing hides
public record Strategy(Zero zero, int tensorRanks, Precision precision, Overlap overlap) {
  /// The form of a strategy's name, for messages.
  public static final String FORM = "zero1, zero2, zero3 or tpN+zero1 … tpN+zero3";

  private static final Pattern NAME = Pattern.compile("(?:tp([1-9]\\d{0,5})\\+)?zero([123])");

  /// Buckets that lie whole in a processor that has shares alone: one that is computed with, and
  /// one on its way.
  private static final int WHOLE_BUCKETS = 2;

  /// The strategy of that name, if it is one.
  public static Optional<Strategy> find(String name, Precision precision, Overlap overlap) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    int tensorRanks = matcher.group(1) == null ? 1 : Integer.parseInt(matcher.group(1));
    Zero zero = Zero.valueOf("ZERO" + matcher.group(2));
    return Optional.of(new Strategy(zero, tensorRanks, precision, overlap));
  }

  /// Its name.
  public String name() {
    return tensorRanks == 1 ? zero.toString() : "tp%d+%s".formatted(tensorRanks, zero);
  }

  /// Checks that a cluster divides into groups that hold a model.
  ///
  /// @throws IllegalArgumentException if it does not
  void requireDivides(Cluster cluster) {
    if (cluster.perHost() % tensorRanks != 0) {
      throw new IllegalArgumentException(
          "%s: %d processors of a host do not divide into groups of %d; take a divisor of %d"
              .formatted(name(), cluster.perHost(), tensorRanks, cluster.perHost()));
    }
  }

  /// Those that hold a model together.
  Ranks tensorGroup() {
    return new Ranks(tensorRanks, tensorRanks);
  }

  /// Those with the same slice.
  Ranks dataGroup(Cluster cluster) {
    return new Ranks(cluster.size() / tensorRanks, cluster.perHost() / tensorRanks);
  }

  /// Bytes of a training that a processor holds, but for activations.
  SequencedMap<Purpose, Long> memory(Slice slice, Cluster cluster) {
    int ranks = dataGroup(cluster).count();
    SequencedMap<Purpose, Long> bytes = new LinkedHashMap<>();
    bytes.put(
        Purpose.WEIGHTS,
        weightBytes(slice, ranks)
            + slice.frozen() * precision.frozenBytes()
            + masterBytes(slice, ranks));
    bytes.put(
        Purpose.GRADIENTS,
        held(slice.trained(), precision.gradientBytes(), zero.sharesGradients(), ranks, slice));
    bytes.put(Purpose.OPTIMIZER, Math.ceilDiv(slice.trained() * precision.optimizerBytes(), ranks));
    return bytes;
  }

  private long weightBytes(Slice slice, int ranks) {
    boolean areShared = zero.sharesWeights() && ranks > 1;
    int each = areShared ? precision.sharedWeightBytes() : precision.weightBytes();
    return held(slice.trained(), each, areShared, ranks, slice);
  }

  private long masterBytes(Slice slice, int ranks) {
    boolean areTheShare = zero.sharesWeights() && ranks > 1;
    return areTheShare ? 0 : Math.ceilDiv(slice.trained() * precision.masterBytes(), ranks);
  }

  private static long held(
      long parameters, int bytesOfEach, boolean isShared, int ranks, Slice slice) {
    long whole = parameters * bytesOfEach;
    return isShared && ranks > 1
        ? Math.ceilDiv(whole, ranks) + WHOLE_BUCKETS * slice.largestBucket() * bytesOfEach
        : whole;
  }

  /// What a training with it needs that the program does not do yet.
  public List<String> notBuilt(Cluster cluster) {
    boolean isOfGpus = cluster.processor().kind() != Processor.Kind.PROCESS;
    Optional<String> tensor =
        tensorRanks > 1 && isOfGpus
            ? Optional.of("training of a model in slices on GPUs")
            : Optional.empty();
    return Stream.of(
            zero.notBuilt(cluster.processor().kind()),
            tensor,
            precision.notBuilt(),
            overlap.notBuilt(),
            cluster.size() == 1 ? Optional.<String>empty() : cluster.route().notBuilt())
        .flatMap(Optional::stream)
        .toList();
  }
}
