package dev.irpo.check;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A check of a backend.
public record Check(CheckTarget target) {
  /// Runs parts in their order.
  ///
  /// @param listener gets each row when it is there
  /// @return what each part came to, those that were not asked for left out
  /// @throws IOException if a file of the program's own cannot be read
  public List<PartReport> run(Set<Part> parts, Consumer<CheckRow> listener) throws IOException {
    List<PartReport> reports = new ArrayList<>();
    for (Part part : Part.values()) {
      if (parts.contains(part)) {
        reports.add(run(part, listener));
      }
    }
    return reports;
  }

  private PartReport run(Part part, Consumer<CheckRow> listener) throws IOException {
    PartCheck check =
        switch (part) {
          case KERNELS -> new KernelChecks(target);
          case GOLDEN -> new GoldenChecks(target);
          case SAMPLER -> new SamplerChecks(target);
          case RATES -> new RateChecks(target);
        };
    Optional<String> obstacle = check.obstacle();
    CheckRows rows = new CheckRows(part, listener);
    long start = System.nanoTime();
    if (obstacle.isEmpty()) {
      check.run(rows);
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new PartReport(part, obstacle, seconds, rows.count(), rows.failed());
  }
}
