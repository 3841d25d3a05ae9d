package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.kernel.AttentionKernels;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/// Where the keys and values of a layer lie in its cache: in the panels that the products read.
///
/// ```text
/// keys    [panel of positions][head][d][position]     a panel has 2 vectors of positions
/// values  [block of 32 positions][head][panel of the head's width][position][d]
/// ```
///
/// The panels of one head's keys are equally far apart whatever their block, so one product takes
/// all positions of a sequence.
record KeyValueCache(MemorySegment keys, MemorySegment values, int numKvHeads, int headDim) {
  private static final int BLOCK = AttentionKernels.CACHE_BLOCK;

  private long rowWidth() {
    return AttentionKernels.cacheRowWidth(headDim);
  }

  /// Bytes from one panel of a head's keys to the next.
  long keyPanelBytes() {
    return numKvHeads * rowWidth() * Tiles.PANEL_BYTES;
  }

  /// Bytes from one panel of a block's values to the next.
  static long valuePanelBytes() {
    return BLOCK * Tiles.PANEL_BYTES;
  }

  /// The key of a block's first position.
  long keysAt(int block, int kvHead) {
    long panel = (long) block * (BLOCK / Tiles.PANEL);
    return panel * keyPanelBytes() + kvHead * rowWidth() * Tiles.PANEL_BYTES;
  }

  /// The value of a block's first position.
  long valuesAt(int block, int kvHead) {
    return floatBytes(((long) block * numKvHeads + kvHead) * BLOCK * rowWidth());
  }

  /// Copies row `row` of new keys and values (R, G·D) to a place counted from a block on.
  void store(int block, int place, MemorySegment k, MemorySegment v, int row) {
    for (int g = 0; g < numKvHeads; g++) {
      long from = floatBytes(((long) row * numKvHeads + g) * headDim);
      storeKey(block, place, g, k, from);
      storeValue(block, place, g, v, from);
    }
  }

  private void storeKey(int block, int place, int kvHead, MemorySegment k, long from) {
    long to = keysAt(block, kvHead) + place / Tiles.PANEL * keyPanelBytes();
    to += floatBytes(place % Tiles.PANEL);
    long source = RawMemory.address(k, from, floatBytes(headDim));
    long bytes = (headDim - 1) * Tiles.PANEL_BYTES + floatBytes(1);
    long target = RawMemory.address(keys, to, bytes);
    try {
      for (int d = 0; d < headDim; d++) {
        RawMemory.copy(source + floatBytes(d), target + d * Tiles.PANEL_BYTES);
      }
    } finally {
      Reference.reachabilityFence(k);
      Reference.reachabilityFence(keys);
    }
  }

  private void storeValue(int block, int place, int kvHead, MemorySegment v, long from) {
    long to = valuesAt(block + place / BLOCK, kvHead) + place % BLOCK * Tiles.PANEL_BYTES;
    for (int d = 0; d < headDim; d += Tiles.PANEL) {
      long bytes = floatBytes(Math.min(Tiles.PANEL, headDim - d));
      MemorySegment.copy(v, from + floatBytes(d), values, to, bytes);
      to += valuePanelBytes();
    }
  }
}
