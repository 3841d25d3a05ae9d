package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.check.CheckRow;
import dev.irpo.check.Part;
import dev.irpo.check.PartReport;

/// A check as an object of JSON for each row, and one for all.
///
/// @param backend in one line
record CheckJson(String backend) implements CheckOutput {
  @Override
  public void begin() {}

  @Override
  public void row(CheckRow row) {
    ObjectNode line = JsonLines.object();
    line.put("part", row.part().toString()).put("name", row.name()).put("sizes", row.sizes());
    switch (row.outcome()) {
      case CheckRow.Compared compared -> {
        line.put("result", result(row));
        putFinite(line, "difference", compared.difference());
        line.put("allowed", compared.bound()).put("detail", compared.detail());
      }
      case CheckRow.Broken broken ->
          line.put("result", result(row)).put("detail", broken.message());
      case CheckRow.Timed timed -> {
        line.put("result", "timed").put("micros", timed.seconds() * 1e6);
        line.put("flops", timed.flops()).put("bytes", timed.bytes());
        line.put("gigaflopsPerSecond", timed.flops() / timed.seconds() / 1e9);
        line.put("gigabytesPerSecond", timed.bytes() / timed.seconds() / 1e9);
        putFinite(line, "rooflineShare", timed.share());
      }
    }
    JsonLines.print(line);
  }

  private static String result(CheckRow row) {
    return row.outcome().isFailed() ? "FAILED" : "ok";
  }

  /// JSON has no other numbers.
  private static void putFinite(ObjectNode line, String key, double value) {
    if (Double.isFinite(value)) {
      line.put(key, value);
    } else {
      line.putNull(key);
    }
  }

  @Override
  public void end(CheckSummary summary) {
    ObjectNode line = JsonLines.object();
    line.put("result", summary.isPassed() ? "passed" : "FAILED").put("backend", backend);
    line.put("rows", summary.rows());
    ArrayNode failed = line.putArray("failed");
    summary.failed().forEach(row -> failed.add(row.title()));
    ArrayNode parts = line.putArray("parts");
    for (PartReport report : summary.reports()) {
      ObjectNode part = parts.addObject().put("part", report.part().toString());
      part.put("ran", report.obstacle().isEmpty());
      report.obstacle().ifPresent(reason -> part.put("reason", reason));
      part.put("seconds", report.seconds()).put("rows", report.rows());
      part.put("failed", report.failed().size());
    }
    for (Part part : summary.unasked()) {
      ObjectNode unasked = parts.addObject().put("part", part.toString());
      unasked.put("ran", false).put("reason", "not asked for");
    }
    JsonLines.print(line);
  }
}
