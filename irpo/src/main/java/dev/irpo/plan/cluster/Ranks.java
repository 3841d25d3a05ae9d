package dev.irpo.plan.cluster;

/// Those that take part in a collective.
///
/// @param count in all
/// @param perHost of them on each host
public record Ranks(int count, int perHost) {
  /// Hosts that they are on.
  int hosts() {
    return Math.ceilDiv(count, perHost);
  }
}
