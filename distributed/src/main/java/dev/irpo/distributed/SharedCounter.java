package dev.irpo.distributed;

import java.util.concurrent.CompletableFuture;

/// A number that all ranks of a group take turns at, as the place in a queue of work: each value
/// goes to one rank.
public interface SharedCounter {
  /// Starts to add to the number; the result is what it was before. Any rank may call it at any
  /// time, whatever the others do meanwhile.
  Result startFetchAndAdd(long delta);

  /// Adds to the number and returns what it was before.
  ///
  /// @throws GroupFailure if the group failed
  default long fetchAndAdd(long delta) {
    return startFetchAndAdd(delta).await();
  }

  /// What a number was, once that is known.
  ///
  /// @param future of the number
  record Result(CompletableFuture<Long> future) {
    /// One that is known already.
    static Result of(long value) {
      return new Result(CompletableFuture.completedFuture(value));
    }

    /// Waits for it.
    ///
    /// @throws GroupFailure if the group failed
    public long await() {
      return FuturePending.join(future);
    }

    /// Whether [#await] would return at once.
    public boolean isDone() {
      return future.isDone();
    }
  }
}
