package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.WeakHashMap;

/// Transposed panels of weight matrices, kept until the weight changes.
///
/// A weight is packed once per optimizer step and serves every forward product until the next.
final class PackedWeights {
  private static final class Entry {
    MemorySegment panels;
    long version = -1;
  }

  private final WorkerPool pool;
  private final Map<Buffer, Entry> entries = new WeakHashMap<>();
  private final Entry unstable = new Entry();

  PackedWeights(WorkerPool pool) {
    this.pool = pool;
  }

  /// Panels of the transpose of `weight` (N, K), for products `x · weightᵀ`.
  MemorySegment of(Buffer weight, int outDim, int inDim) {
    Entry entry =
        weight.isStable() ? entries.computeIfAbsent(weight, key -> new Entry()) : unstable;
    if (weight.isStable() && entry.version == weight.version()) {
      return entry.panels;
    }
    long bytes = 4 * MatrixProduct.packedFloats(inDim, outDim);
    if (entry.panels == null || entry.panels.byteSize() < bytes) {
      entry.panels = Arena.ofAuto().allocate(bytes, Buffer.ALIGNMENT);
    }
    MemorySegment panels = entry.panels;
    pool.run(
        MatrixProduct.panels(outDim),
        (panel, scratch) ->
            MatrixProduct.packTransposedPanel(
                panels,
                (long) panel * inDim * Tiles.PANEL_BYTES,
                weight.segment(),
                0,
                4L * inDim,
                inDim,
                outDim,
                panel));
    entry.version = weight.version();
    return panels;
  }
}
