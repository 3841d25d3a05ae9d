package dev.irpo.plan.cluster;

import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// What connects processors, at the rate of its links; what software reaches of it is left out.
///
/// @param bytesPerSecond of a link, in each direction
/// @param latencySeconds of a message
/// @param links how many there are
/// @param source where the rate comes from
public record Network(
    String name, double bytesPerSecond, double latencySeconds, Links links, String source) {
  /// How many links a host has.
  public enum Links {
    /// One for each processor.
    A_PROCESSOR,
    /// One that all its processors share.
    A_HOST
  }

  /// Latencies of the ring algorithm with its protocol for small messages (NCCL,
  /// `src/graph/tuning.cc`, `hwLat`); of TCP our assumption.
  private static final double NVLINK_LATENCY = 0.6e-6;

  private static final double PCIE_LATENCY = 1e-6;
  private static final double INFINIBAND_LATENCY = 2.7e-6;
  private static final double TCP_LATENCY = 30e-6;
  private static final double GBITS = 1e9 / 8;

  private static final SequencedMap<String, Network> KNOWN = new LinkedHashMap<>();

  static {
    String halfOfBoth = ", half of the rate of both directions in NVIDIA's data sheet";
    know("nvlink4", 3600, NVLINK_LATENCY, Links.A_PROCESSOR, "NVLink of the H100" + halfOfBoth);
    know("nvlink3", 2400, NVLINK_LATENCY, Links.A_PROCESSOR, "NVLink of the A100" + halfOfBoth);
    know("pcie5", 504, PCIE_LATENCY, Links.A_PROCESSOR, "PCI Express 5.0, 16 lanes, 32 GT/s");
    know("pcie4", 252, PCIE_LATENCY, Links.A_PROCESSOR, "PCI Express 4.0, 16 lanes, 16 GT/s");
    know("ib400", 400, INFINIBAND_LATENCY, Links.A_PROCESSOR, "InfiniBand NDR");
    know("ib200", 200, INFINIBAND_LATENCY, Links.A_PROCESSOR, "InfiniBand HDR");
    know("eth100", 100, TCP_LATENCY, Links.A_HOST, "Ethernet, one port a host");
    know("eth25", 25, TCP_LATENCY, Links.A_HOST, "Ethernet, one port a host");
    know("eth10", 10, TCP_LATENCY, Links.A_HOST, "Ethernet, one port a host");
  }

  private static void know(String name, double gbits, double latency, Links links, String source) {
    KNOWN.put(name, new Network(name, gbits * GBITS, latency, links, source));
  }

  /// One that is known by its name.
  public static Optional<Network> find(String name) {
    return Optional.ofNullable(KNOWN.get(name));
  }

  /// All names.
  public static Set<String> names() {
    return KNOWN.keySet();
  }

  /// One with a link for each processor.
  ///
  /// @param gbits 10⁹ bits per second
  public static Network given(double gbits, double latencySeconds) {
    return new Network(
        "%.4g Gb/s".formatted(gbits), gbits * GBITS, latencySeconds, Links.A_PROCESSOR, "as given");
  }

  /// Bytes per second that the processors of a host send together.
  ///
  /// @param processors that it has
  double ofHost(int processors) {
    return links == Links.A_HOST ? bytesPerSecond : processors * bytesPerSecond;
  }
}
