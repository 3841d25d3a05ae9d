package dev.irpo.tensor.cpu;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A fixed set of threads that share numbered tasks; the caller is one of them.
///
/// Which thread runs a task is left open, so a task's result must not depend on it. Idle workers
/// spin for a while before they park, because a training step runs some hundred short jobs in a
/// row. The caller waits for those workers only that have entered a job: on a busy machine a worker
/// may get its core long after the others have done all tasks, and then finds the job closed.
final class WorkerPool implements AutoCloseable {
  /// One numbered task of a job, with memory of its own.
  interface Task {
    void run(int index, Scratch scratch);
  }

  /// Iterations of an idle worker before it parks, some tens of microseconds.
  private static final int SPINS = 20_000;

  /// Sleep of a caller whose workers take long.
  private static final long PARK_NS = 20_000;

  private static final int JOB_SHIFT = 32;
  private static final long CLOSED = 1L << 31;
  private static final long ENTERED = CLOSED - 1;

  private final Thread[] workers;
  private final Scratch[] scratches;
  private final AtomicInteger next = new AtomicInteger();

  /// Number of the job in the upper half; in the lower whether it is closed and how many workers
  /// are in it.
  private final AtomicLong gate = new AtomicLong(CLOSED);

  private Task task;
  private int taskCount;
  private volatile boolean closed;
  private volatile Throwable failure;

  /// @param threads including the caller's
  WorkerPool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads is " + threads + ", at least 1 is needed");
    }
    workers = new Thread[threads - 1];
    scratches = new Scratch[threads];
    for (int i = 0; i < threads; i++) {
      scratches[i] = new Scratch();
    }
  }

  private void start() {
    for (int i = 0; i < workers.length; i++) {
      Scratch own = scratches[i + 1];
      workers[i] =
          Thread.ofPlatform().daemon().name("irpo-cpu-" + (i + 1)).unstarted(() -> work(own));
    }
    for (Thread worker : workers) {
      worker.start();
    }
  }

  /// Number of threads that share a job.
  int threads() {
    return scratches.length;
  }

  /// The caller's own scratch memory, for use between jobs.
  Scratch callerScratch() {
    return scratches[0];
  }

  /// Runs `count` tasks and returns when all are done.
  ///
  /// What a task throws, on whatever thread, is thrown here too.
  ///
  /// @throws IllegalStateException if the pool is closed
  synchronized void run(int count, Task job) {
    if (closed) {
      throw new IllegalStateException("the worker pool is closed");
    }
    if (workers.length == 0 || count <= 1) {
      for (int i = 0; i < count; i++) {
        run(job, i, scratches[0]);
      }
      return;
    }
    if (workers[0] == null) {
      start();
    }
    task = job;
    taskCount = count;
    failure = null;
    next.set(0);
    gate.set(((gate.get() >>> JOB_SHIFT) + 1) << JOB_SHIFT);
    for (Thread worker : workers) {
      LockSupport.unpark(worker);
    }
    drain(scratches[0]);
    gate.getAndUpdate(state -> state | CLOSED);
    for (int spins = 0; (gate.get() & ENTERED) > 0; spins++) {
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, PARK_NS); // a worker may wait for this very core
      }
    }
    task = null;
    switch (failure) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case null, default -> {}
    }
  }

  private void work(Scratch own) {
    long seen = 0;
    int spins = 0;
    while (!closed) {
      long state = gate.get();
      if (state >>> JOB_SHIFT != seen && (state & CLOSED) == 0) {
        if (gate.compareAndSet(state, state + 1)) {
          seen = state >>> JOB_SHIFT;
          drain(own);
          gate.decrementAndGet();
        }
        spins = 0;
      } else if (++spins < SPINS) {
        Thread.onSpinWait();
      } else {
        LockSupport.park(this);
      }
    }
  }

  private void drain(Scratch own) {
    try {
      for (int i = next.getAndIncrement(); i < taskCount; i = next.getAndIncrement()) {
        run(task, i, own);
      }
    } catch (RuntimeException | Error e) {
      failure = e;
      next.set(taskCount);
    }
  }

  /// Runs a task, after which what it took of the scratch memory is free again.
  private static void run(Task task, int index, Scratch own) {
    try (Scratch.Frame _ = own.frame()) {
      task.run(index, own);
    }
  }

  @Override
  public void close() {
    closed = true;
    for (Thread worker : workers) {
      LockSupport.unpark(worker);
    }
  }
}
