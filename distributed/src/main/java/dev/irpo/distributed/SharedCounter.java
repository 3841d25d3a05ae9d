package dev.irpo.distributed;

/// A number that all ranks of a group take turns at, as the place in a queue of work: each value
/// goes to one rank.
public interface SharedCounter {
  /// Adds to the number and returns what it was before. Any rank may call it at any time, whatever
  /// the others do meanwhile.
  ///
  /// @throws GroupFailure if the group failed
  long fetchAndAdd(long delta);
}
