package dev.irpo.plan.cluster;

/// What a processor sends, and how long that takes.
///
/// @param insideBytes to others of its host
/// @param betweenBytes to other hosts
/// @param seconds while nothing else is sent
public record Transfer(double insideBytes, double betweenBytes, double seconds) {
  /// Nothing.
  public static final Transfer NONE = new Transfer(0, 0, 0);

  Transfer plus(Transfer other) {
    return new Transfer(
        insideBytes + other.insideBytes,
        betweenBytes + other.betweenBytes,
        seconds + other.seconds);
  }

  Transfer times(double count) {
    return new Transfer(count * insideBytes, count * betweenBytes, count * seconds);
  }

  Transfer plusSeconds(double more) {
    return new Transfer(insideBytes, betweenBytes, seconds + more);
  }
}
