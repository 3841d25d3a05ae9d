package dev.irpo.cli;

import dev.irpo.config.ComputeSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.plan.Machine;
import dev.irpo.plan.Roofline;
import dev.irpo.tensor.Backend;
import java.util.Locale;

/// Rates that times are planned with.
///
/// @param source where they come from
record Rates(Roofline.Device device, String source) {
  /// Those of this machine, in half a second.
  static Rates measured(ComputeSettings compute) {
    try (Backend backend = BackendStart.of(compute)) {
      String source =
          "measured here on %s with products of 256 rows and of 1".formatted(backend.name());
      return new Rates(Machine.measure(backend), source);
    }
  }

  /// What each of several processes has of this machine's while all of them compute.
  static Rates measuredBy(int processes, RunConfig config) {
    int threads = config.compute().threads() * processes; // 0: all that there are
    Rates all = measured(config.with("compute.threads=" + threads).compute());
    Roofline.Device device = all.device;
    return new Rates(
        new Roofline.Device(
            device.flopsPerSecond() / processes,
            device.bytesPerSecond() / processes,
            device.roundsWeights()),
        all.source);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%.1f GFLOP/s and %.1f GB/s, %s",
        device.flopsPerSecond() / 1e9,
        device.bytesPerSecond() / 1e9,
        source);
  }
}
