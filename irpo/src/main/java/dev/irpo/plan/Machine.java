package dev.irpo.plan;

import com.sun.management.OperatingSystemMXBean;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Program;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.op.Linear;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/// What this machine has and does.
public final class Machine {
  private static final int WIDTH = 2048;
  private static final int ROWS = 256;
  private static final long MEASURE_NANOS = 250_000_000;
  private static final int LEAST_RUNS = 8; // of which a busy machine disturbs some

  private Machine() {}

  /// Physical memory, or what the container may use of it.
  public static long memoryBytes() {
    return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
  }

  /// The processor's model as the operating system names it: on Linux in `/proc/cpuinfo` (x86), on
  /// Windows in an environment variable; none where neither says it.
  public static Optional<String> processorModel() {
    Path file = Path.of("/proc/cpuinfo");
    if (!Files.isReadable(file)) {
      return Optional.ofNullable(System.getenv("PROCESSOR_IDENTIFIER"));
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException unreadable) {
      return Optional.empty();
    }
  }

  /// Rates of a product with many rows (arithmetic) and with one row (memory), in half a second.
  public static Roofline.Device measure(Backend backend) {
    double flops = 2.0 * ROWS * WIDTH * WIDTH / secondsOfProduct(backend, ROWS);
    double bytes = (double) Float.BYTES * WIDTH * WIDTH * 4 / secondsOfProduct(backend, 1);
    return new Roofline.Device(flops, bytes, backend.traits().roundsWeights());
  }

  /// The product has so few rows that its weight has four times the columns.
  private static double secondsOfProduct(Backend backend, int rows) {
    long outDim = rows == 1 ? 4L * WIDTH : WIDTH;
    Graph graph = new Graph();
    graph.output(
        Linear.linear(
            graph.input("x", DType.F32, Shape.of(rows, WIDTH)),
            graph.variable("weight", Shape.of(outDim, WIDTH))));
    Program program = backend.compile(graph, Map.of("weight", backend.allocate(outDim * WIDTH)));
    program.run(); // packs the weight
    long begin = System.nanoTime();
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < LEAST_RUNS || System.nanoTime() - begin < MEASURE_NANOS; i++) {
      long start = System.nanoTime();
      program.run();
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    }
    return best;
  }
}
