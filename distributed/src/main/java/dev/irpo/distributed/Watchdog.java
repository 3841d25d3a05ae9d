package dev.irpo.distributed;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Ends the job when something in it has come to nothing: a collective that does not move for the
/// timeout, a call of MPI that does not return, a process that gave its group up but lives on.
///
/// Time is counted in this thread's own seconds, so a job that a scheduler suspends and resumes has
/// not been waiting meanwhile.
final class Watchdog {
  /// What the processes of a job that is ended exit with.
  static final int EXIT_CODE = 1;

  /// The environment variable with the timeout in seconds.
  static final String VARIABLE = "IRPO_MPI_TIMEOUT_S";

  private static final int DEFAULT_TIMEOUT = 600;
  private static final int GRACE = 5;
  private static final int ABANDONED_GRACE = 10;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final int timeout;
  private final Consumer<String> end;
  private final AtomicLong beats = new AtomicLong();
  private final AtomicInteger second = new AtomicInteger();
  private volatile boolean isAbandoned;
  private volatile boolean isOver;

  /// @param timeout in seconds
  /// @param end what ends the job, for a reason
  Watchdog(int timeout, Consumer<String> end) {
    this.timeout = timeout;
    this.end = end;
    Thread.ofPlatform().daemon().name("mpi-watchdog").start(this::watch);
  }

  /// The timeout of an environment, in seconds.
  ///
  /// @param value the variable's; empty if it is not set
  static int timeout(String value) {
    try {
      int seconds = value.isEmpty() ? DEFAULT_TIMEOUT : Integer.parseInt(value);
      if (seconds > 0) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      // the same mistake
    }
    throw new GroupFailure("%s is %s; set it to seconds from 1".formatted(VARIABLE, value));
  }

  int timeout() {
    return timeout;
  }

  /// Seconds that this process has been awake.
  int second() {
    return second.get();
  }

  /// The thread that calls MPI is alive.
  void beat() {
    beats.incrementAndGet();
  }

  /// The group was given up before its work was done.
  void abandon() {
    isAbandoned = true;
  }

  /// The work is done.
  void dismiss() {
    isOver = true;
  }

  /// Ends the job for a collective that does not move.
  void endStuck(String collective) {
    end.accept(
        "%s has waited %,d s for the other ranks, the job ends; %s sets how long it waits"
            .formatted(collective, timeout, VARIABLE));
  }

  private void watch() {
    long seen = 0;
    int quiet = 0;
    int abandoned = 0;
    while (!isOver) {
      sleep();
      second.incrementAndGet();
      long now = beats.get();
      quiet = now == seen ? quiet + 1 : 0;
      seen = now;
      abandoned += isAbandoned ? 1 : 0;
      if (quiet > timeout + GRACE) {
        end.accept("MPI has not returned for %,d s, the job ends".formatted(quiet));
      }
      if (abandoned > ABANDONED_GRACE) {
        end.accept("the work failed, the job ends");
      }
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(SECOND);
    } catch (InterruptedException e) {
      throw new IllegalStateException("nobody interrupts the watchdog", e);
    }
  }
}
