package dev.irpo.cli;

import dev.irpo.check.CheckRow;
import dev.irpo.check.Part;
import dev.irpo.check.PartReport;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a check came to.
///
/// @param reports of the parts that were asked for
record CheckSummary(List<PartReport> reports) {
  /// Whether every row is right and there is one.
  boolean isPassed() {
    return failed().isEmpty() && rows() > 0;
  }

  int rows() {
    return reports.stream().mapToInt(PartReport::rows).sum();
  }

  /// The rows that are wrong.
  List<CheckRow> failed() {
    return reports.stream().flatMap(report -> report.failed().stream()).toList();
  }

  /// Parts that nobody asked for.
  List<Part> unasked() {
    return Arrays.stream(Part.values())
        .filter(part -> reports.stream().noneMatch(report -> report.part() == part))
        .toList();
  }

  /// In one line.
  @Override
  public String toString() {
    StringBuilder line = new StringBuilder(verdict());
    line.append("; ran ").append(ran());
    reports.stream()
        .filter(report -> report.obstacle().isPresent())
        .forEach(report ->
            line.append("; not run: %s, %s".formatted(report.part(), report.obstacle().get())));
    if (!unasked().isEmpty()) {
      line.append("; not asked for: ").append(list(unasked()));
    }
    return line.toString();
  }

  private String verdict() {
    if (!failed().isEmpty()) {
      return "FAILED in %d of %d lines: %s"
          .formatted(
              failed().size(), rows(), list(failed().stream().map(CheckRow::title).toList()));
    }
    return isPassed() ? "passed, %d lines".formatted(rows()) : "FAILED, nothing ran";
  }

  private String ran() {
    List<String> ran =
        reports.stream()
            .filter(report -> report.obstacle().isEmpty())
            .map(report -> String.format(Locale.ROOT, "%s %.1f s", report.part(), report.seconds()))
            .toList();
    return ran.isEmpty() ? "no part" : list(ran);
  }

  private static String list(List<?> all) {
    return all.stream().map(Object::toString).collect(Collectors.joining(", "));
  }
}
