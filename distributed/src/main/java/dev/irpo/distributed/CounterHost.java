package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/// The shared numbers of a group where they lie, with rank 0: it answers each rank that asks for
/// one, in the order of their messages. Only the thread that calls MPI touches it.
///
/// Messages and not `MPI_Fetch_and_op`: over networks without remote memory access the latter too
/// needs rank 0's library to look, and this thread looks anyway; it never waits inside MPI.
final class CounterHost {
  /// Tags of the two kinds of messages.
  static final int QUESTION = 1;

  static final int ANSWER = 2;

  /// What a question holds: who asks, for which number, and what is to be added.
  static final long QUESTION_LONGS = 3;

  private static final long NOBODY = -1;

  private final Mpi mpi;
  private final MpiRank at;
  private final MemorySegment question;
  private final MemorySegment answer;
  private final Requests asked;
  private final Requests answered;
  private final Map<Long, Long> values = new HashMap<>();
  private boolean isClosed;

  CounterHost(Mpi mpi, MpiRank at) {
    this.mpi = mpi;
    this.at = at;
    Arena arena = Arena.ofAuto();
    question = arena.allocate(JAVA_LONG, QUESTION_LONGS);
    answer = arena.allocate(JAVA_LONG);
    asked = new Requests(mpi, 1);
    answered = new Requests(mpi, 1);
    listen();
  }

  private void listen() {
    mpi.ireceive(question, mpi.abi().anySource(), QUESTION, at.communicator(), asked.next());
  }

  /// Answers what has come.
  ///
  /// @return whether anything had
  boolean advance() {
    boolean hasMoved = false;
    while (!isClosed && answered.areDone() && asked.areDone()) {
      hasMoved = true;
      long who = question.getAtIndex(JAVA_LONG, 0);
      if (who == NOBODY) {
        isClosed = true;
      } else {
        long number = question.getAtIndex(JAVA_LONG, 1);
        long value = values.getOrDefault(number, 0L);
        answer.set(JAVA_LONG, 0, value);
        values.put(number, value + question.getAtIndex(JAVA_LONG, 2));
        mpi.isend(answer, (int) who, ANSWER, at.communicator(), answered.next());
        listen();
      }
    }
    return hasMoved;
  }

  /// Stops listening, after all ranks have asked for the last time: by a message to itself, which a
  /// library handles more surely than a receive that is cancelled.
  void close() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment last = arena.allocate(JAVA_LONG, QUESTION_LONGS);
      last.setAtIndex(JAVA_LONG, 0, NOBODY);
      Requests sent = new Requests(mpi, 1);
      mpi.isend(last, at.rank(), QUESTION, at.communicator(), sent.next());
      while (!isClosed || !sent.areDone()) {
        advance();
      }
    }
  }
}
