package dev.irpo.plan.cluster;

import java.util.Optional;

/// How the bytes of an all-gather or a reduce-scatter travel. Of a segment of S bytes each of n
/// ranks sends S (n − 1)/n by either, the least there is (Patarasuk & Yuan 2009,
/// doi:10.1016/j.jpdc.2008.09.002); a host with p of them sends less by rings.
public enum Route {
  /// As NCCL: p rings, each of S/p bytes, that leave a host by another processor's link. A host
  /// sends S (n − 1)/n in all.
  RING {
    @Override
    Transfer move(Cluster cluster, Ranks ranks, double bytes) {
      double sent = bytes * (ranks.count() - 1) / ranks.count();
      double between = ranks.hosts() > 1 ? sent / ranks.perHost() : 0;
      double inside = ranks.perHost() > 1 ? sent : 0;
      return cluster.sent(inside, between);
    }

    @Override
    int messages(Ranks ranks) {
      return ranks.count() - 1;
    }

    @Override
    Optional<String> notBuilt() {
      return Optional.of("collectives between GPUs (NCCL)");
    }
  },

  /// As [dev.irpo.distributed.MpiGroup]: a message from each rank to each other one. A host sends p
  /// S (n − p)/n in all.
  DIRECT {
    @Override
    Transfer move(Cluster cluster, Ranks ranks, double bytes) {
      double toEach = bytes / ranks.count();
      return cluster.sent(
          toEach * (ranks.perHost() - 1), toEach * (ranks.count() - ranks.perHost()));
    }

    @Override
    int messages(Ranks ranks) {
      return 1;
    }

    @Override
    Optional<String> notBuilt() {
      return Optional.empty();
    }
  };

  /// One all-gather, or one reduce-scatter without its additions.
  abstract Transfer move(Cluster cluster, Ranks ranks, double bytes);

  /// Messages of a collective that wait for each other.
  abstract int messages(Ranks ranks);

  /// What the program does not do yet.
  abstract Optional<String> notBuilt();
}
