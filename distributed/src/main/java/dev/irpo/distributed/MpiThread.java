package dev.irpo.distributed;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// The one thread of a process that calls MPI (`MPI_THREAD_FUNNELED`, which every library can).
/// Others hand it work; it advances everything that is in progress, one piece after the other, and
/// never waits inside MPI for a rank that may be late, except to join.
///
/// It looks without a pause while bytes move; otherwise it naps in between, so that ranks that
/// share cores compute while they wait for each other.
final class MpiThread {
  /// How long it looks without a pause after the last thing that moved: where ranks wait for each
  /// other, and where bytes move.
  private static final long EAGER_NANOS = 100_000;

  private static final long EAGER_MOVING_NANOS = 20_000_000;

  /// Between looks, when something is under way: this share of the time that it has been waited
  /// for, within bounds. Linux adds its 50 µs.
  private static final long NAPS_OF_A_WAIT = 32;

  private static final long LEAST_NAP_NANOS = 50_000;
  private static final long MOST_NAP_NANOS = 1_000_000;

  /// Between looks, when nothing is: messages that left here may need it, and those to a counter,
  /// which are mostly asked for ahead. At 1 ms the looks took 3 % of a core.
  private static final long IDLE_NAP_NANOS = 4_000_000;

  private final Queue<Runnable> inbox = new ConcurrentLinkedQueue<>();
  private final List<Channel> channels = new CopyOnWriteArrayList<>(); // one may make another
  private final List<CounterHost> hosts = new CopyOnWriteArrayList<>();
  private final Watchdog watchdog;
  private final Thread thread;
  private volatile boolean hasLeft;
  private Mpi mpi;

  MpiThread(Watchdog watchdog) {
    this.watchdog = watchdog;
    thread = Thread.ofPlatform().daemon().name("mpi").unstarted(this::run);
  }

  /// Loads a library, and connects this process with the other ranks.
  ///
  /// @throws GroupFailure if that fails
  Mpi join(Supplier<Mpi> library) {
    thread.start();
    return call(() -> {
      mpi = library.get();
      return mpi;
    });
  }

  /// Ends the thread without a word to the other ranks.
  void stop() {
    hasLeft = true;
  }

  /// Calls MPI, and waits for what it says.
  <T> T call(Supplier<T> supplier) {
    return FuturePending.join(ask(supplier));
  }

  private <T> CompletableFuture<T> ask(Supplier<T> supplier) {
    CompletableFuture<T> future = new CompletableFuture<>();
    hand(() -> {
      try {
        future.complete(supplier.get());
      } catch (GroupFailure | IllegalStateException e) {
        future.completeExceptionally(e);
      }
    });
    return future;
  }

  /// Starts a collective after those that its channel already has.
  <T> CompletableFuture<T> start(Channel channel, Collective<T> collective) {
    hand(() -> channel.add(collective, watchdog.second()));
    return collective.future();
  }

  /// Ends the job as soon as the thread is not inside MPI.
  void abort() {
    if (Thread.currentThread() == thread) {
      mpi.abort(Watchdog.EXIT_CODE);
    } else {
      hand(() -> mpi.abort(Watchdog.EXIT_CODE));
    }
  }

  private void hand(Runnable work) {
    if (hasLeft) {
      throw new GroupFailure("the group has ended");
    }
    inbox.add(work);
    LockSupport.unpark(thread);
  }

  /// Looks after a channel too; called on the thread.
  void add(Channel channel) {
    channels.add(channel);
  }

  /// Looks after a counter too; called on the thread.
  void add(CounterHost host) {
    hosts.add(host);
  }

  /// Disconnects this process, after all ranks are done.
  ///
  /// All come to `MPI_Finalize` at once, from a barrier without naps: MPICH 4.0 over UCX and TCP
  /// waits in it for ever for a rank that came first.
  ///
  /// @return what is done when it is
  CompletableFuture<?> leave() {
    return ask(() -> {
      hosts.forEach(CounterHost::close);
      Requests last = new Requests(mpi, 1);
      mpi.ibarrier(mpi.world(), last.next());
      while (!last.areDone()) {
        Thread.onSpinWait();
      }
      mpi.leave();
      hasLeft = true;
      return null;
    });
  }

  private void run() {
    long lastMove = System.nanoTime();
    while (!hasLeft) {
      watchdog.beat();
      boolean hasMoved = false;
      for (Runnable work = inbox.poll(); work != null; work = inbox.poll()) {
        work.run();
        hasMoved = true;
      }
      if (hasLeft || mpi == null) {
        LockSupport.parkNanos(IDLE_NAP_NANOS);
        continue;
      }
      hasMoved |= advance();
      if (hasMoved) {
        lastMove = System.nanoTime();
      } else {
        rest(System.nanoTime() - lastMove);
      }
    }
  }

  // By index, since iterators would be garbage of every look.

  private boolean advance() {
    boolean hasMoved = false;
    for (int i = 0; i < channels.size(); i++) {
      Channel channel = channels.get(i);
      hasMoved |= channel.advance(watchdog.second());
      channel.stuck(watchdog.second(), watchdog.timeout()).ifPresent(watchdog::endStuck);
    }
    for (int i = 0; i < hosts.size(); i++) {
      hasMoved |= hosts.get(i).advance();
    }
    return hasMoved;
  }

  @SuppressWarnings("ThreadPriorityCheck") // ranks on the same core move bytes in turns
  private void rest(long sinceMove) {
    boolean isIdle = true;
    boolean isMoving = false;
    for (int i = 0; i < channels.size(); i++) {
      isIdle &= channels.get(i).isIdle();
      isMoving |= channels.get(i).isMoving();
    }
    if (sinceMove < (isMoving ? EAGER_MOVING_NANOS : EAGER_NANOS)) {
      Thread.yield();
    } else if (isIdle) {
      mpi.progress();
      LockSupport.parkNanos(IDLE_NAP_NANOS);
    } else {
      long share = sinceMove / NAPS_OF_A_WAIT;
      LockSupport.parkNanos(Math.clamp(share, LEAST_NAP_NANOS, MOST_NAP_NANOS));
    }
  }
}
