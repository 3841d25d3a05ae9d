package dev.irpo.plan.cluster;

/// Hosts of equal processors, one process each, and the networks that connect them.
///
/// @param size number of processors
/// @param perHost of them on each host
/// @param inside connects those of a host
/// @param between connects hosts; a host's share of it is divided equally by its processors
/// @param route how collectives use both
public record Cluster(
    Processor processor, int size, int perHost, Network inside, Network between, Route route) {
  /// Reading both terms of an addition and writing its result.
  private static final int PASSES_OF_A_SUM = 3;

  /// Checks the sizes.
  ///
  /// @throws IllegalArgumentException if hosts would have unequal numbers
  public Cluster {
    if (size > perHost && size % perHost != 0) {
      throw new IllegalArgumentException(
          "%d processors do not divide into hosts of %d; take a multiple or give another number per host"
              .formatted(size, perHost));
    }
    perHost = Math.min(size, perHost);
  }

  /// Number of hosts.
  public int hosts() {
    return size / perHost;
  }

  /// All others get each rank's part.
  ///
  /// @param bytes of all parts together
  /// @param collectives that these are divided into
  Transfer allGather(Ranks ranks, double bytes, int collectives) {
    if (ranks.count() == 1) {
      return Transfer.NONE;
    }
    double latency = ranks.hosts() > 1 ? between.latencySeconds() : inside.latencySeconds();
    return route
        .move(this, ranks, bytes)
        .plusSeconds(collectives * route.messages(ranks) * latency);
  }

  /// Each rank gets the sum of its part over all.
  ///
  /// @param bytes as in [#allGather]
  /// @param collectives as in [#allGather]
  Transfer reduceScatter(Ranks ranks, double bytes, int collectives) {
    double added = bytes * (ranks.count() - 1) / ranks.count();
    return allGather(ranks, bytes, collectives)
        .plusSeconds(PASSES_OF_A_SUM * added / processor.bytesPerSecond());
  }

  /// All get the sum of what each has: 2 S (n − 1)/n bytes are sent.
  ///
  /// @param bytes as in [#allGather]
  /// @param collectives as in [#allGather]
  Transfer allReduce(Ranks ranks, double bytes, int collectives) {
    return reduceScatter(ranks, bytes, collectives).plus(allGather(ranks, bytes, collectives));
  }

  /// What a processor sends while all others of its host send as much.
  Transfer sent(double insideBytes, double betweenBytes) {
    double seconds =
        Math.max(
            insideBytes / inside.bytesPerSecond(),
            perHost * betweenBytes / between.ofHost(perHost));
    return new Transfer(insideBytes, betweenBytes, seconds);
  }
}
