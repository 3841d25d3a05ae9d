package dev.irpo.check;

import dev.irpo.check.CheckRow.Timed;
import dev.irpo.check.kernel.KernelCase;
import dev.irpo.check.kernel.KernelSizes;
import dev.irpo.check.kernel.PreparedKernel;
import dev.irpo.tensor.Backend;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// What the device can do, in three rows: arithmetic by a product of many rows, memory by a product
/// of one row and by a multiple of an array, which is a copy. The arguments stay on the device.
///
/// Each is the best of its runs, of which a busy machine disturbs some, and grows until a run takes
/// ten milliseconds, so that neither caches nor what it costs to start a kernel count; on a CPU
/// that comes to about the products that `irpo plan` measures with.
record DeviceRates(CheckTarget target) {
  private static final double ENOUGH = 0.01;

  /// Nothing is warm yet, and everything else is measured by these.
  private static final int COLD = 3;

  private static final int WIDTH = 2048;
  private static final int ROWS = 64;
  private static final int LEAST_WIDTH = 256;

  /// What the roofline is made of; NaN where it could not be measured, and so is each share of it.
  record Roof(double flopsPerSecond, double bytesPerSecond) {
    /// Share of a time that work needs at least.
    double share(double seconds, double flops, double bytes) {
      return least(flops, bytes) / seconds;
    }

    private double least(double flops, double bytes) {
      return Math.max(flops / flopsPerSecond, bytes / bytesPerSecond);
    }
  }

  /// Measures.
  Roof measure(CheckRows rows) {
    Optional<Timed> product =
        grow(rows, "device: product of many rows", KernelCase.LINEAR, products());
    Optional<Timed> oneRow =
        grow(rows, "device: product of one row", KernelCase.LINEAR, productsOfOneRow());
    Optional<Timed> copy = grow(rows, "device: copy", KernelCase.SCALE, copies());
    return new Roof(
        product.map(timed -> timed.flops() / timed.seconds()).orElse(Double.NaN),
        Stream.of(oneRow, copy)
            .flatMap(Optional::stream)
            .mapToDouble(timed -> timed.bytes() / timed.seconds())
            .max()
            .orElse(Double.NaN));
  }

  private static List<KernelSizes> products() {
    return Stream.concat(
            widths().mapToObj(width -> sizes(ROWS, width, width)),
            doubled(2 * ROWS, 256 * ROWS).mapToObj(rows -> sizes(rows, WIDTH, WIDTH)))
        .toList();
  }

  /// Up to a gigabyte.
  private static List<KernelSizes> productsOfOneRow() {
    return Stream.concat(
            widths().mapToObj(width -> sizes(1, width, 4 * width)),
            doubled(8 * WIDTH, 64 * WIDTH).mapToObj(outDim -> sizes(1, WIDTH, outDim)))
        .toList();
  }

  /// Up to twice half a gigabyte.
  private static List<KernelSizes> copies() {
    return doubled(512, 1 << 16).mapToObj(rows -> sizes(rows, WIDTH, WIDTH)).toList();
  }

  private static IntStream widths() {
    return doubled(LEAST_WIDTH, WIDTH);
  }

  private static IntStream doubled(int first, int last) {
    return IntStream.iterate(first, n -> n <= last, n -> 2 * n);
  }

  private static KernelSizes sizes(int rows, int embedDim, int ffnDim) {
    return new KernelSizes(rows, embedDim, ffnDim, 1, 1, 1, 2, 1);
  }

  private Optional<Timed> grow(
      CheckRows rows, String name, KernelCase kernel, List<KernelSizes> candidates) {
    KernelSizes[] last = {candidates.getFirst()};
    CheckRow.Outcome outcome =
        rows.attempt(
            name,
            () -> last[0].toString(),
            () -> {
              Timed found = null;
              for (KernelSizes sizes : candidates) {
                last[0] = sizes;
                found = time(kernel, sizes);
                if (found.seconds() >= ENOUGH || found.bytes() >= target.limits().bytes()) {
                  break;
                }
              }
              return found;
            });
    return outcome instanceof Timed timed ? Optional.of(timed) : Optional.empty();
  }

  private Timed time(KernelCase kernel, KernelSizes sizes) {
    try (Backend backend = target.start()) {
      PreparedKernel prepared = new PreparedKernel(backend, kernel.work(), sizes);
      MedianTime.Limits limits = target.limits().kernelTime().warmingUp(COLD);
      double seconds = MedianTime.of(limits, prepared::run).best();
      return new Timed(seconds, kernel.work().flops(sizes), kernel.work().bytes(sizes), Double.NaN);
    }
  }
}
