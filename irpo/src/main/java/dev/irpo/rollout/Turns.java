package dev.irpo.rollout;

import dev.irpo.distributed.Group;
import dev.irpo.distributed.SharedCounter;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/// Things that the processes of a group take turns at: each goes to the one that asks first, so a
/// process whose responses are short takes more.
///
/// @param <T> what is taken
public final class Turns<T> implements Iterator<T> {
  private final SharedCounter counter;
  private final List<T> all;
  private long next = -1;

  /// All processes of the group make theirs at the same time.
  ///
  /// @param all the same for each of them
  public Turns(Group group, List<T> all) {
    counter = group.counter();
    this.all = List.copyOf(all);
  }

  @Override
  public boolean hasNext() {
    if (next < 0) {
      next = counter.fetchAndAdd(1);
    }
    return next < all.size();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    T turn = all.get((int) next);
    next = -1;
    return turn;
  }
}
