package dev.irpo.distributed;

/// A collective as MPI is asked for it, in rounds.
///
/// @param count number of rounds
/// @param poster asks for one
/// @param finisher does what follows from one that is done, before the one after the next is asked
///   for
record Rounds(long count, Poster poster, Finisher finisher) {
  /// Rounds that are under way at a time.
  static final int AT_A_TIME = 2;

  /// Of a collective in which ranks only wait for each other.
  static final Rounds NONE = new Rounds(0, (round, requests) -> {});

  /// Asks for a round.
  interface Poster {
    /// Asks for it.
    void post(long round, Requests requests);
  }

  /// Ends a round.
  interface Finisher {
    /// Ends it.
    void finish(long round);
  }

  /// Rounds that nothing follows from.
  Rounds(long count, Poster poster) {
    this(count, poster, round -> {});
  }
}
