package dev.irpo.cli;

import dev.irpo.check.CheckRow;

/// Where the rows of a check go.
interface CheckOutput {
  /// Before the first row.
  void begin();

  /// A row, as soon as it is there.
  void row(CheckRow row);

  /// After the last row.
  void end(CheckSummary summary);
}
