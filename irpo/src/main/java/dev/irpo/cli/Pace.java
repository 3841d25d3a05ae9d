package dev.irpo.cli;

import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/// How fast a stage is, and when it is time to tell.
///
/// The rate counts from the first report on: what a resumed stage finds done took it no time.
final class Pace {
  /// Seconds between two lines about a stage.
  static final long PERIOD_SECONDS = 10;

  private static final double NANOS = 1e9;

  private final LongSupplier nanoTime;
  private final long total;
  private final long begin;
  private long told;
  private boolean isReported;
  private long firstDone;
  private long firstTime;
  private long done;
  private long time;

  /// A stage that begins now.
  ///
  /// @param nanoTime such as [System#nanoTime()]
  /// @param total units of work that it has
  Pace(LongSupplier nanoTime, long total) {
    this.nanoTime = nanoTime;
    this.total = total;
    begin = nanoTime.getAsLong();
    told = begin;
  }

  /// Takes note of units that are done.
  ///
  /// @return whether it is time for a line
  boolean at(long units) {
    done = units;
    time = nanoTime.getAsLong();
    if (!isReported) {
      isReported = true;
      firstDone = done;
      firstTime = time;
    }
    boolean isDue = time - told >= PERIOD_SECONDS * (long) NANOS;
    told = isDue ? time : told;
    return isDue;
  }

  long done() {
    return done;
  }

  long total() {
    return total;
  }

  /// Since it began.
  double seconds() {
    return (nanoTime.getAsLong() - begin) / NANOS;
  }

  /// Units a second; none before two reports that differ.
  OptionalDouble perSecond() {
    return done > firstDone && time > firstTime
        ? OptionalDouble.of((done - firstDone) * NANOS / (time - firstTime))
        : OptionalDouble.empty();
  }

  /// What is left at this rate.
  OptionalDouble secondsLeft() {
    OptionalDouble rate = perSecond();
    return rate.isPresent() && total >= done
        ? OptionalDouble.of((total - done) / rate.getAsDouble())
        : OptionalDouble.empty();
  }
}
