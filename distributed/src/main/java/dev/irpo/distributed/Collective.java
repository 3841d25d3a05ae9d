package dev.irpo.distributed;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A collective on its way: a gate at which ranks wait for each other, then rounds of requests, of
/// which some are under way at a time, then what follows from them. All of it happens on the thread
/// that calls MPI.
///
/// The gate is a barrier. A rank that is late keeps the others waiting there, where they can sleep
/// between looking; once all are through, bytes move as fast as the ranks keep looking.
///
/// @param <T> what follows
final class Collective<T> {
  private final String name;
  private final Rounds rounds;
  private final Supplier<T> result;
  private final CompletableFuture<T> future = new CompletableFuture<>();
  private boolean hasGate;

  private boolean hasBegun;
  private boolean isThroughGate;
  private long posted;
  private long finished;

  /// One without a gate.
  ///
  /// @param name in messages
  Collective(String name, Rounds rounds, Supplier<T> result) {
    this.name = name;
    this.rounds = rounds;
    this.result = result;
  }

  /// The same with a gate.
  Collective<T> afterGate() {
    hasGate = true;
    return this;
  }

  String name() {
    return name;
  }

  CompletableFuture<T> future() {
    return future;
  }

  /// Whether all ranks are there, so that only bytes are waited for.
  boolean isMoving() {
    return isThroughGate && hasGate;
  }

  /// Steps completed so far; as long as the number stays the same, nothing moves.
  long progress() {
    return finished + (isThroughGate ? 1 : 0);
  }

  /// Fails, instead of continuing.
  void fail(GroupFailure failure) {
    future.completeExceptionally(failure);
  }

  /// Begins or continues.
  ///
  /// @return whether it is at its end, well or not
  boolean advance(Channel channel) {
    try {
      if (!goOn(channel)) {
        return false;
      }
      future.complete(result.get());
    } catch (GroupFailure | IllegalStateException e) {
      future.completeExceptionally(e);
    }
    return true;
  }

  private boolean goOn(Channel channel) {
    if (!hasBegun && hasGate) {
      channel.closeGate();
    }
    hasBegun = true;
    isThroughGate = isThroughGate || channel.gate().areDone();
    if (!isThroughGate) {
      return false;
    }
    while (true) {
      while (posted < rounds.count() && posted - finished < Rounds.AT_A_TIME) {
        rounds.poster().post(posted, channel.round(posted));
        posted++;
      }
      if (finished == posted) {
        return true;
      }
      if (!channel.round(finished).areDone()) {
        return false;
      }
      rounds.finisher().finish(finished);
      finished++;
    }
  }
}
