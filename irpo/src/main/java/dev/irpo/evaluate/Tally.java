package dev.irpo.evaluate;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.SharedCounter;

/// Counts the problems that the processes of a group have answered, and the right answers among
/// them.
///
/// The counter that they share holds both: answered problems above 32 bits of right answers.
final class Tally {
  private static final int BITS = 32;
  private static final long LOW = (1L << BITS) - 1;

  private final SharedCounter counter;
  private final int perPrompt;
  private long counts;
  private long own;

  /// All processes of the group make theirs at the same time.
  ///
  /// @param perPrompt responses to a problem
  Tally(Group group, int perPrompt) {
    counter = group.counter();
    this.perPrompt = perPrompt;
  }

  /// Counts a problem that this process has answered.
  void add(boolean isRight) {
    long delta = (1L << BITS) + (isRight ? 1 : 0);
    counts = counter.fetchAndAdd(delta) + delta;
    own++;
  }

  /// What is known now.
  ///
  /// @param ownResponses that this process has finished, those of unanswered problems among them
  SoFar soFar(long ownResponses) {
    long answered = counts >>> BITS;
    return new SoFar(
        (answered - own) * perPrompt + ownResponses,
        new Accuracy((int) (counts & LOW), (int) answered));
  }
}
