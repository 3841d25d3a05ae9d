package dev.irpo.distributed;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// The collectives of one communicator: one after the other, in the order in which they came. Only
/// the thread that calls MPI touches it.
final class Channel {
  private final Mpi mpi;
  private final MpiRank at;
  private final Requests gate;
  private final Requests[] rounds = new Requests[Rounds.AT_A_TIME];
  private final Deque<Collective<?>> waiting = new ArrayDeque<>();
  private boolean isBroken; // requests of one that failed may still be under way
  private long progress;
  private int secondOfProgress;

  Channel(Mpi mpi, MpiRank at) {
    this.mpi = mpi;
    this.at = at;
    gate = new Requests(mpi, 1);
    for (int i = 0; i < rounds.length; i++) {
      rounds[i] = new Requests(mpi, 2 * at.size()); // a message to and from each rank
    }
  }

  MpiRank at() {
    return at;
  }

  /// Lets this rank wait for the others.
  void closeGate() {
    mpi.ibarrier(at.communicator(), gate.next());
  }

  /// What is done once all ranks have come to the gate.
  Requests gate() {
    return gate;
  }

  /// The requests of a round.
  Requests round(long number) {
    return rounds[(int) (number % rounds.length)];
  }

  void add(Collective<?> collective, int second) {
    if (waiting.isEmpty()) {
      secondOfProgress = second;
    }
    waiting.add(collective);
  }

  boolean isIdle() {
    return waiting.isEmpty();
  }

  boolean isMoving() {
    return !isIdle() && waiting.element().isMoving();
  }

  /// Continues the first collective, and the next ones as far as they come to their ends.
  ///
  /// @return whether anything moved
  boolean advance(int second) {
    boolean hasMoved = false;
    while (!isIdle()) {
      Collective<?> first = waiting.element();
      boolean isAtEnd = isBroken || first.advance(this);
      if (isBroken) {
        first.fail(new GroupFailure(first.name() + " follows one that failed"));
      }
      if (isAtEnd) {
        isBroken |= first.future().isCompletedExceptionally();
        waiting.remove();
      }
      if (isAtEnd || first.progress() != progress) {
        progress = isAtEnd ? 0 : first.progress();
        secondOfProgress = second;
        hasMoved = true;
      }
      if (!isAtEnd) {
        break;
      }
    }
    return hasMoved;
  }

  /// The collective that nothing has moved of for more than some seconds.
  Optional<String> stuck(int second, int timeout) {
    return isIdle() || second - secondOfProgress <= timeout
        ? Optional.empty()
        : Optional.of(waiting.element().name());
  }
}
