package dev.irpo.benchmarks.steps;

import dev.irpo.benchmarks.setup.Conditions;
import dev.irpo.benchmarks.setup.OtherLoad;
import dev.irpo.benchmarks.setup.PeakMemory;
import dev.irpo.tensor.cpu.FmaPeak;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.OptionalLong;

/// Prints a line for each piece of work that was timed.
///
/// @param peak measured rate of fused multiply-adds, in operations a second
record Report(PrintStream out, double peak, Form form) {
  /// What a line looks like.
  enum Form {
    /// A row of the table that [Report#begin] names the columns of.
    TABLE {
      @Override
      void print(Report report, Figure figure) {
        report.row(figure);
      }

      @Override
      void skip(Report report, String what, String reason) {
        report.out.printf("%-44s skipped: %s%n", what, reason);
      }
    },
    /// A [Figure] as an object of JSON, for another process.
    JSON {
      @Override
      void print(Report report, Figure figure) {
        report.out.println(figure.json());
      }

      @Override
      void skip(Report report, String what, String reason) {
        report.out.println(Figure.skipped(what, reason));
      }
    };

    abstract void print(Report report, Figure figure);

    abstract void skip(Report report, String what, String reason);
  }

  /// Processors that an idle system takes at most.
  private static final double IDLE = 0.05;

  private static final String FORM = "%-44s %12s %-10s %23s %5s %8s %6s %9s%n";

  /// A table.
  Report(PrintStream out, double peak) {
    this(out, peak, Form.TABLE);
  }

  /// Prints the conditions and the names of the columns.
  ///
  /// @return the measured peak of so many threads, in operations a second
  static double begin(PrintStream out, int threads) throws IOException, InterruptedException {
    double peak = conditions(out, threads);
    out.printf(FORM, "work", "median", "unit", "least … most", "runs", "GFLOP/s", "peak", "memory");
    return peak;
  }

  /// Prints the conditions.
  ///
  /// @return as [#begin]
  static double conditions(PrintStream out, int threads) throws IOException, InterruptedException {
    out.print(Conditions.describe());
    double peak = FmaPeak.flopsPerSecond(threads);
    out.printf(
        Locale.ROOT,
        "peak     %.0f GFLOP/s, fused multiply-adds in registers, %d threads%n%n",
        peak / 1e9,
        threads);
    return peak;
  }

  /// A rate.
  ///
  /// @param count of units in a run
  /// @param flops of a run, 0 where that says nothing
  void rate(String what, double count, String unit, double flops, Timing time) {
    form.print(
        this,
        new Figure(
            what,
            unit,
            count / time.median(),
            count / time.most(),
            count / time.least(),
            time.runs(),
            flops / time.median()));
  }

  /// A product, by its rate alone.
  void product(String what, double flops, Timing time) {
    rate(what, flops / 1e9, "GFLOP/s", flops, time);
  }

  /// A time.
  void seconds(String what, Timing time) {
    form.print(
        this,
        new Figure(what, Figure.SECONDS, time.median(), time.least(), time.most(), time.runs(), 0));
  }

  private void row(Figure figure) {
    double flops = figure.flopsPerSecond();
    out.printf(
        Locale.ROOT,
        FORM,
        figure.what(),
        number(figure.median()),
        figure.unit(),
        number(figure.least()) + " … " + number(figure.most()),
        figure.runs(),
        flops > 0 ? number(flops / 1e9) : "–",
        flops > 0 ? share(flops, peak) : "–",
        memory(peakMemory()));
    out.flush();
  }

  /// Of the peak, in percent.
  static String share(double flopsPerSecond, double peak) {
    return String.format(Locale.ROOT, "%.1f%%", 100 * flopsPerSecond / peak);
  }

  /// Says so where the machine was not idle.
  static void others(PrintStream out, OtherLoad load) throws IOException {
    load.processors()
        .filter(processors -> processors > IDLE)
        .ifPresent(processors ->
            out.printf(Locale.ROOT, "  other processes took %.2f cores meanwhile%n", processors));
  }

  /// A row that was left out.
  void skipped(String what, String reason) {
    form.skip(this, what, reason);
  }

  /// Three digits at least.
  static String number(double value) {
    String form = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : value >= 1 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, form, value);
  }

  /// Bytes as they stand in a table, or a dash where there are none.
  static String memory(OptionalLong bytes) {
    return bytes.isEmpty() ? "–" : String.format(Locale.ROOT, "%.2f GB", bytes.getAsLong() / 1e9);
  }

  private static OptionalLong peakMemory() {
    try {
      return PeakMemory.bytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
