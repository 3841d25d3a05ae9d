package dev.irpo.rollout;

import dev.irpo.distributed.SharedCounter;
import dev.irpo.transformer.parallel.Replicas;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// Things that replicas of a model take turns at: each goes to the one that asks first, so one
/// whose responses are short takes more. The processes that hold a model together take the same.
/// The next one is asked for as soon as one is taken, so that nobody waits for its number.
///
/// @param <T> what is taken
public final class Turns<T> implements Iterator<T> {
  private final Replicas replicas;
  private final SharedCounter counter;
  private final List<T> all;
  private SharedCounter.Result asked;
  private long next = -1;

  /// All processes make theirs at the same time.
  ///
  /// @param all the same for each of them
  public Turns(Replicas replicas, List<T> all) {
    this.replicas = replicas;
    counter = replicas.data().counter();
    this.all = List.copyOf(all);
    asked = ask();
  }

  @Override
  public boolean hasNext() {
    if (next < 0) {
      next = taken();
    }
    return next < all.size();
  }

  /// Asks, where this process speaks for its replica.
  private SharedCounter.Result ask() {
    return counter.startFetchAndAdd(replicas.speaks() ? 1 : 0);
  }

  /// What the process that speaks for this replica takes.
  private long taken() {
    long own = asked.await();
    return replicas.model().ranks() == 1 ? own : replicas.model().group().allGatherLong(own)[0];
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    T turn = all.get((int) next);
    next = -1;
    asked = ask();
    return turn;
  }
}
