package dev.irpo.evaluate;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.SharedCounter;

/// Counts the problems that the processes of a group have answered, and the right answers among
/// them.
///
/// The counter that they share holds both: answered problems above 32 bits of right answers. A
/// process counts without waiting to hear what the others have, and knows it a moment later.
final class Tally {
  private static final int BITS = 32;
  private static final long LOW = (1L << BITS) - 1;

  private final SharedCounter counter;
  private final int perPrompt;
  private int own;
  private long added;
  private SharedCounter.Result before;
  private Accuracy accuracy = new Accuracy(0, 0);
  private long responsesOfOthers;

  /// All processes of the group make theirs at the same time.
  ///
  /// @param perPrompt responses to a problem
  Tally(Group group, int perPrompt) {
    counter = group.counter();
    this.perPrompt = perPrompt;
    before = counter.startFetchAndAdd(0);
  }

  /// Counts a problem that this process has answered.
  void add(boolean isRight) {
    own++;
    added = (1L << BITS) + (isRight ? 1 : 0);
    before = counter.startFetchAndAdd(added);
  }

  /// Waits until all that this process counted is.
  void finish() {
    var _ = before.await();
  }

  /// What is known now.
  ///
  /// @param ownResponses that this process has finished, those of unanswered problems among them
  SoFar soFar(long ownResponses) {
    if (before.isDone()) {
      long counts = before.await() + added;
      accuracy = new Accuracy((int) (counts & LOW), (int) (counts >>> BITS));
      responsesOfOthers = (long) perPrompt * (accuracy.total() - own);
    }
    return new SoFar(responsesOfOthers + ownResponses, accuracy);
  }
}
