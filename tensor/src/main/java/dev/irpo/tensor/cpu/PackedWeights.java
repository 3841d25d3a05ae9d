package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
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
      long bytes = 4 * Panels.floats(sizes.depth(), sizes.columns());
      if (keptBytes() + bytes > CpuBackend.MOST_PACKED_BYTES) {
        return Optional.empty();
      }
      entry = new Entry(Arena.ofAuto().allocate(bytes, Buffer.ALIGNMENT));
      entries.put(weight, entry);
    }
    if (entry.version != weight.version()) {
      pack(weight.segment(), entry.panels, sizes);
      entry.version = weight.version();
    }
    return Optional.of(Panels.packed(entry.panels, sizes.depth()));
  }

  private long keptBytes() {
    return entries.values().stream().mapToLong(entry -> entry.panels.byteSize()).sum();
  }

  private void pack(MemorySegment weight, MemorySegment panels, ProductSizes sizes) {
    RowPanels source = new RowPanels(weight, sizes.columns(), sizes.depth());
    int count = Panels.count(sizes.columns());
    PanelSource.Range all = new PanelSource.Range(0, count, 0, sizes.depth());
    Panels target = Panels.packed(panels, sizes.depth());
    pool.run(count, (share, scratch) -> source.packSingly(all, target, share, count));
  }
}
