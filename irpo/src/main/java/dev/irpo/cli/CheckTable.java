package dev.irpo.cli;

import dev.irpo.check.CheckRow;
import java.io.PrintStream;
import java.util.Locale;

/// A check as one table, each line printed when it is there.
///
/// @param backend in one line
record CheckTable(PrintStream out, String backend) implements CheckOutput {
  private static final String NONE = "";

  @Override
  public void begin() {
    out.println(backend);
    line(
        "part",
        "what",
        "result",
        "difference",
        "allowed",
        "µs",
        "GFLOP/s",
        "GB/s",
        "roofline",
        "sizes");
  }

  @Override
  public void row(CheckRow row) {
    String result = row.outcome().isFailed() ? "FAILED" : "ok";
    switch (row.outcome()) {
      case CheckRow.Compared compared ->
          line(
              row.part(),
              row.name(),
              result,
              size(compared.difference()),
              size(compared.bound()),
              NONE,
              NONE,
              NONE,
              NONE,
              compared.isFailed() ? row.sizes() + "; " + compared.detail() : row.sizes());
      case CheckRow.Broken broken ->
          line(
              row.part(),
              row.name(),
              result,
              NONE,
              NONE,
              NONE,
              NONE,
              NONE,
              NONE,
              row.sizes() + "; " + broken.message());
      case CheckRow.Timed timed ->
          line(
              row.part(),
              row.name(),
              NONE,
              NONE,
              NONE,
              number("%.1f", timed.seconds() * 1e6),
              timed.flops() == 0 ? NONE : number("%.1f", timed.flops() / timed.seconds() / 1e9),
              number("%.1f", timed.bytes() / timed.seconds() / 1e9),
              Double.isNaN(timed.share()) ? NONE : number("%.1f %%", 100 * timed.share()),
              row.sizes());
    }
  }

  @Override
  public void end(CheckSummary summary) {
    out.println(summary);
  }

  private void line(Object... cells) {
    out.printf(Locale.ROOT, "%-7s  %-34s %-6s %10s %10s %11s %9s %8s %9s  %s%n", cells);
    out.flush();
  }

  private static String size(double value) {
    return value == 0 ? "0" : number("%.2e", value);
  }

  private static String number(String form, double value) {
    return String.format(Locale.ROOT, form, value);
  }
}
