package dev.irpo.distributed;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicReference;

/// Where the threads of an in-process group wait for each other and show each other objects.
final class Meeting {
  private final Phaser phaser;
  private final Object[] shown;
  private final AtomicReference<GroupFailure> failure = new AtomicReference<>();
  private final List<Meeting> parts = new CopyOnWriteArrayList<>();

  Meeting(int size) {
    phaser = new Phaser(size);
    shown = new Object[size];
  }

  int size() {
    return shown.length;
  }

  /// Waits for all ranks.
  ///
  /// @throws GroupFailure if one of them failed
  void join() {
    if (phaser.arriveAndAwaitAdvance() < 0) {
      requireWhole();
    }
  }

  /// What all ranks show, in their order.
  Object[] show(int rank, Object own) {
    shown[rank] = own;
    join();
    Object[] all = shown.clone();
    join();
    return all;
  }

  /// A meeting of some of the ranks, which fails with this one.
  Meeting part(int ranks) {
    Meeting part = new Meeting(ranks);
    parts.add(part);
    GroupFailure first = failure.get();
    if (first != null) {
      part.fail(first.getMessage(), first.getCause());
    }
    return part;
  }

  /// Lets everyone who waits here, or will, fail.
  void fail(String reason, Throwable cause) {
    failure.compareAndSet(null, new GroupFailure(reason, cause));
    phaser.forceTermination();
    parts.forEach(part -> part.fail(reason, cause));
  }

  /// Fails if a rank has failed.
  ///
  /// @throws GroupFailure with what the first one failed with
  void requireWhole() {
    GroupFailure first = failure.get();
    if (first != null) {
      throw new GroupFailure(first.getMessage(), first.getCause());
    }
  }
}
