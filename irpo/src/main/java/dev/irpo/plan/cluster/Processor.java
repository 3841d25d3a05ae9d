package dev.irpo.plan.cluster;

import dev.irpo.plan.Purpose;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// What computes for one process: a GPU, or a process's share of a machine.
///
/// @param kind what it is
/// @param f32Flops floating-point operations per second of products in single precision
/// @param bf16Flops the same with factors in bfloat16, without sparsity
/// @param bytesPerSecond of its memory
/// @param inside name of the [Network] that connects those of a host
/// @param source where the numbers come from
public record Processor(
    String name,
    Kind kind,
    double f32Flops,
    double bf16Flops,
    double bytesPerSecond,
    long memoryBytes,
    String inside,
    String source) {
  /// What computes.
  public enum Kind {
    /// A GPU: text, tables and the Java virtual machine lie in its host's memory.
    GPU(Set.of(Purpose.ROLLOUTS, Purpose.COPIES, Purpose.JAVA)),
    /// A process on a CPU.
    PROCESS(Set.of());

    @SuppressWarnings("ImmutableEnumChecker") // made by Set.of
    private final Set<Purpose> elsewhere;

    Kind(Set<Purpose> elsewhere) {
      this.elsewhere = elsewhere;
    }

    boolean holds(Purpose purpose) {
      return !elsewhere.contains(purpose);
    }
  }

  private static final long GB = 1_000_000_000;
  private static final SequencedMap<String, Processor> KNOWN = new LinkedHashMap<>();

  static {
    know("h100", 67, 989.4, 3350, 80, "nvlink4", "NVIDIA's data sheet of the H100 SXM");
    know("h200", 67, 989.4, 4800, 141, "nvlink4", "NVIDIA's data sheet of the H200 SXM");
    know("a100", 19.5, 312, 2039, 80, "nvlink3", "NVIDIA's data sheet of the A100 80GB SXM");
  }

  private static void know(
      String name,
      double f32TeraFlops,
      double bf16TeraFlops,
      double gigabytesPerSecond,
      long gigabytes,
      String inside,
      String source) {
    KNOWN.put(
        name,
        new Processor(
            name,
            Kind.GPU,
            f32TeraFlops * 1e12,
            bf16TeraFlops * 1e12,
            gigabytesPerSecond * 1e9,
            gigabytes * GB,
            inside,
            source));
  }

  /// A GPU that is known by its name.
  public static Optional<Processor> find(String name) {
    return Optional.ofNullable(KNOWN.get(name));
  }

  /// All names.
  public static Set<String> names() {
    return KNOWN.keySet();
  }

  /// Operations per second of products.
  public double flops(Precision precision) {
    return precision == Precision.BF16 ? bf16Flops : f32Flops;
  }

  /// With other rates, of any precision.
  public Processor withRates(double flops, double memoryBytesPerSecond) {
    return new Processor(
        name, kind, flops, flops, memoryBytesPerSecond, memoryBytes, inside, "rates as given");
  }

  /// With as much memory.
  public Processor withMemory(long bytes) {
    return new Processor(name, kind, f32Flops, bf16Flops, bytesPerSecond, bytes, inside, source);
  }
}
