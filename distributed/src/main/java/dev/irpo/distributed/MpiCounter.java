package dev.irpo.distributed;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A number that lies with rank 0's [CounterHost], seen from a rank.
final class MpiCounter implements SharedCounter {
  private static final int HOST = 0;

  private final MpiJob job;
  private final Channel channel;
  private final long number;
  private final MemorySegment question;
  private final MemorySegment answer;

  /// @param number tells it from others with the same host
  MpiCounter(MpiJob job, Channel channel, long number) {
    this.job = job;
    this.channel = channel;
    this.number = number;
    Arena arena = Arena.ofAuto();
    question = arena.allocate(JAVA_LONG, CounterHost.QUESTION_LONGS);
    answer = arena.allocate(JAVA_LONG);
  }

  @Override
  public Result startFetchAndAdd(long delta) {
    Rounds ask = new Rounds(1, (round, requests) -> ask(delta, requests));
    Collective<Long> call = new Collective<>("counter", ask, () -> answer.get(JAVA_LONG, 0));
    return new Result(job.thread().start(channel, call));
  }

  private void ask(long delta, Requests requests) {
    MpiRank at = channel.at();
    question.setAtIndex(JAVA_LONG, 0, at.rank());
    question.setAtIndex(JAVA_LONG, 1, number);
    question.setAtIndex(JAVA_LONG, 2, delta);
    Mpi mpi = job.mpi();
    mpi.ireceive(answer, HOST, CounterHost.ANSWER, at.communicator(), requests.next());
    mpi.isend(question, HOST, CounterHost.QUESTION, at.communicator(), requests.next());
  }
}
