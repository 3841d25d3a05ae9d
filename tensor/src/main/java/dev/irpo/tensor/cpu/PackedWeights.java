package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.Node;
import dev.irpo.tensor.Tensor;
import dev.irpo.tensor.WeightProduct;
import dev.irpo.tensor.program.DeadCodeElimination;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;

/// Transposed panels of weight matrices, kept until the weight changes.
///
/// They serve products of few rows, which would spend most of their time packing: sampling. A
/// weight is packed when the first of them comes after an optimizer step.
final class PackedWeights {
  private static final class Entry {
    final MemorySegment panels;
    long version = -1;

    Entry(MemorySegment panels) {
      this.panels = panels;
    }
  }

  private final WorkerPool pool;
  private final Map<Buffer, Entry> entries = new WeakHashMap<>();

  PackedWeights(WorkerPool pool) {
    this.pool = pool;
  }

  /// Panels of the transpose of `weight` (N, K), for products `x · weightᵀ`; none where the copies
  /// would take more than a gigabyte, or the weight changes without announcement.
  ///
  /// @param sizes of the product, (rows, N, K)
  Optional<Panels> of(Buffer weight, ProductSizes sizes) {
    if (!weight.isStable()) {
      return Optional.empty();
    }
    Entry entry = entries.get(weight);
    if (entry == null) {
      long bytes = bytes(sizes.columns(), sizes.depth());
      if (!fits(bytes, keptBytes())) {
        return Optional.empty();
      }
      entry = new Entry(Arena.ofAuto().allocate(bytes, Buffer.ALIGNMENT));
      entries.put(weight, entry);
    }
    if (entry.version != weight.version()) {
      pack(weight, entry.panels, sizes);
      entry.version = weight.version();
    }
    return Optional.of(Panels.packed(entry.panels, sizes.depth()));
  }

  /// Bytes of the panels that are kept once programs have run in this order.
  static long bytesOf(List<Compilation> compilations) {
    Set<Object> packed = Collections.newSetFromMap(new IdentityHashMap<>());
    long kept = 0;
    for (Compilation compilation : compilations) {
      for (Node node : DeadCodeElimination.of(compilation.graph())) {
        Optional<WeightProduct> product = node.op().product(node);
        if (product.isPresent()) {
          Tensor weight = node.input(product.get().weight());
          long bytes = bytes(weight.size(0), weight.size(1));
          boolean reads = CpuMatrix.packs(leastRows(product.get(), weight.size(0)));
          Optional<Object> memory = memoryToPack(weight, compilation);
          if (reads && memory.isPresent() && fits(bytes, kept) && packed.add(memory.get())) {
            kept += bytes;
          }
        }
      }
    }
    return kept;
  }

  /// What stands for the memory of a weight, if that is stable and read by panels.
  private static Optional<Object> memoryToPack(Tensor weight, Compilation compilation) {
    return switch (weight.kind()) {
      case VARIABLE -> {
        Buffer buffer = compilation.variables().get(weight.name());
        yield buffer.isSummedAsSingle() ? Optional.of(buffer) : Optional.empty();
      }
      case CONSTANT -> Optional.of(weight);
      case INPUT, COMPUTED -> Optional.empty();
    };
  }

  /// Rows of the smallest product by which the kernels compute this one.
  private static int leastRows(WeightProduct product, int columns) {
    return product.isWhole() ? product.rows() : CpuScore.leastRows(product.rows(), columns);
  }

  private static long bytes(int columns, int depth) {
    return floatBytes(Panels.floats(depth, columns));
  }

  private static boolean fits(long bytes, long kept) {
    return kept + bytes <= CpuBackend.MOST_PACKED_BYTES;
  }

  /// Bytes of the panels that are kept now.
  long keptBytes() {
    return entries.values().stream().mapToLong(entry -> entry.panels.byteSize()).sum();
  }

  private void pack(Buffer weight, MemorySegment panels, ProductSizes sizes) {
    RowPanels source =
        new RowPanels(weight.segment(), weight.dtype(), sizes.columns(), sizes.depth());
    int count = Panels.count(sizes.columns());
    PanelSource.Range all = new PanelSource.Range(0, count, 0, sizes.depth());
    Panels target = Panels.packed(panels, sizes.depth());
    pool.run(count, (share, scratch) -> source.packSingly(all, target, share, count));
  }
}
