package dev.irpo.config;

/// What computes.
public record ComputeSettings(
    @Setting(
            value = "0",
            range = "[0, 1024]",
            doc = "threads; 0: one a core. No result depends on it")
        int threads,
    @Setting(value = "cpu", doc = "backend; reference is slow and exact") Backend backend) {
  /// The backends there are.
  public enum Backend {
    /// The Java Vector API.
    CPU,
    /// The formulas as they stand, in double precision.
    REFERENCE,
  }
}
