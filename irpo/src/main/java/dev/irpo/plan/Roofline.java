package dev.irpo.plan;

import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Op;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.WeightProduct;
import dev.irpo.tensor.program.DeadCodeElimination;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/// The time that a device needs at best (Williams et al. 2009, doi:10.1145/1498765.1498785): for
/// each kernel the longer of its floating-point operations at the device's peak and the bytes that
/// it must move at the device's bandwidth.
///
/// @param kernels calls of the same kernel with the same shapes together, those that take longest
///   first
public record Roofline(List<Kernel> kernels) {
  /// What a device can do.
  ///
  /// @param flopsPerSecond peak rate of the products, a fused multiply-add counts two
  /// @param bytesPerSecond of its memory
  /// @param roundsWeights whether it samples with bfloat16 weights
  public record Device(double flopsPerSecond, double bytesPerSecond, boolean roundsWeights) {
    /// Any device in single precision, where work is counted and no time is asked for.
    public static final Device ANY = any(false);

    /// Any device, where no time is asked for.
    public static Device any(boolean roundsWeights) {
      return new Device(1, 1, roundsWeights);
    }
  }

  /// Calls of one kernel.
  ///
  /// @param name operation and shapes of its largest inputs
  /// @param flops of all calls
  /// @param bytes of all calls, at least
  /// @param seconds of all calls, at least
  /// @param sentBytes that a process sends to others in all calls
  public record Kernel(
      String name, int calls, double flops, double bytes, double seconds, double sentBytes) {
    private Kernel plus(Kernel other) {
      return new Kernel(
          name,
          calls + other.calls,
          flops + other.flops,
          bytes + other.bytes,
          seconds + other.seconds,
          sentBytes + other.sentBytes);
    }

    /// Whether arithmetic takes longer than memory.
    public boolean isBoundByCompute(Device device) {
      return flops / device.flopsPerSecond() > bytes / device.bytesPerSecond();
    }
  }

  /// Counts the work of programs that run one after the other.
  ///
  /// @param keysPerQuery keys that a query meets on average where no window leaves some out
  public static Roofline of(List<Compilation> programs, double keysPerQuery, Device device) {
    SequencedMap<String, Kernel> byName = new LinkedHashMap<>();
    for (Compilation program : programs) {
      boolean rounds = device.roundsWeights() && program.options().roundsWeights();
      for (Node node : DeadCodeElimination.of(program.graph())) {
        Op op = node.op();
        double keys = op.keysMet(keysPerQuery);
        double flops = op.flops(node) + keys * op.flopsPerKey(node);
        double bytes = op.leastBytes(node) + keys * op.leastBytesPerKey(node);
        if (rounds) {
          bytes -= roundedBytes(node);
        }
        double seconds = Math.max(flops / device.flopsPerSecond(), bytes / device.bytesPerSecond());
        Kernel one = new Kernel(name(node), 1, flops, bytes, seconds, op.sentBytes(node));
        byName.merge(one.name(), one, Kernel::plus);
      }
    }
    List<Kernel> kernels = new ArrayList<>(byName.values());
    kernels.sort((a, b) -> Double.compare(b.seconds(), a.seconds()));
    return new Roofline(kernels);
  }

  /// What a product reads less if its weight is rounded.
  private static double roundedBytes(Node node) {
    return node.op()
        .product(node)
        .filter(WeightProduct::isWhole)
        .map(product -> node.input(product.weight()).bytes() / 2.0)
        .orElse(0.0);
  }

  private static String name(Node node) {
    String shapes =
        node.inputs().stream()
            .sorted((a, b) -> Long.compare(b.bytes(), a.bytes()))
            .map(Tensor::shape)
            .distinct()
            .limit(2)
            .map(Object::toString)
            .collect(Collectors.joining(" "));
    return (node.op().name() + " " + shapes).strip();
  }

  /// Floating-point operations of all kernels.
  public double flops() {
    return kernels.stream().mapToDouble(Kernel::flops).sum();
  }

  /// Least bytes of all kernels.
  public double bytes() {
    return kernels.stream().mapToDouble(Kernel::bytes).sum();
  }

  /// Bytes that a process sends to others in all kernels.
  public double sentBytes() {
    return kernels.stream().mapToDouble(Kernel::sentBytes).sum();
  }

  /// Least time of all kernels.
  public double seconds() {
    return kernels.stream().mapToDouble(Kernel::seconds).sum();
  }
}
