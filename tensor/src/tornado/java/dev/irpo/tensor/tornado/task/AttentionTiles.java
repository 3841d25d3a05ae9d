package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;

import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// What the tasks of attention by groups of threads have in common (after Dao et al. 2022,
/// arXiv:2205.14135, algorithms 1 and 4): keys and values, or queries in the gradient of these,
/// come into local memory once for all that a group computes with them, neighbouring threads
/// reading neighbouring elements.
///
/// A packed group has a tile of 32 queries, which are rows times the query heads that share a key
/// head, or of 32 keys, and walks their partners 64 at a time. Rows of several sequences in a tile
/// follow one after the other, each sequence's being a run.
///
/// The result of a row depends on its sequence alone, in packed rows and in a cache. Its keys,
/// counted from its sequence's first, are chunks of 64. Chunk c belongs to lane c mod 4, which
/// carries a maximum, a sum and an output of its own over its chunks, in ascending order; the four
/// lanes are merged in their order. So four groups may have a lane each, as in a cache, or one all
/// four. A key that the row does not meet adds 0, or NaN where its value is not finite.
public final class AttentionTiles {
  /// Threads of a packed group.
  public static final int THREADS = 256;

  /// Queries, or keys, of a packed group.
  static final int TILE = 32;

  /// Partners at a time.
  static final int CHUNK = 64;

  /// Parts in which a row's keys are summed, see Dao 2023 ("Flash-Decoding").
  static final int LANES = 4;

  /// Columns of a head that are in local memory at a time for products of queries and keys.
  static final int SLICE = 32;

  /// Partners that are there at a time for products with weights, with all columns.
  static final int SLICE_PARTNERS = 16;

  /// Elements of a slice of a chunk: (64, 33), or (16, D).
  static final int PANEL = 2112;

  /// Elements of a slice of a tile: (32, 33).
  static final int SMALL_PANEL = 1056;

  /// Elements of the scores of a tile: (32, 65).
  static final int SCORES = 2080;

  /// Widest head.
  public static final int MAX_HEAD_DIM = 128;

  private AttentionTiles() {}

  // TornadoVM inlines what follows

  /// Query heads of a tile.
  static int headsPerTile(int groupSize) {
    return Math.min(groupSize, TILE);
  }

  /// Tiles for the query heads that share a key head.
  static int headBlocks(int groupSize) {
    return (groupSize + TILE - 1) / TILE;
  }

  /// Row after the last one that has the sequence of row `run`.
  static int endOfRun(IntArray places, int run, int endRow) {
    int start = places.get(COLUMNS * run + 2);
    int end = run + 1;
    for (int r = run + 1; r < endRow; r++) {
      if (end == r && places.get(COLUMNS * r + 2) == start) {
        end = r + 1;
      }
    }
    return end;
  }

  /// Row times heads plus head of query m of a tile, −1 where the tile is not so full.
  static int query(int m, int run, int endRun, int head, int endHead, int heads, int numHeads) {
    int row = run + m / heads;
    int h = head + m % heads;
    int index = -1;
    if (row < endRun && h < endHead) {
      index = row * numHeads + h;
    }
    return index;
  }

  /// Keys of a row, that before its first included.
  static int numKeys(IntArray places, int row) {
    return places.get(COLUMNS * row + 1) + places.get(COLUMNS * row + 3);
  }

  /// First key of a lane's first chunk.
  static int firstChunk(int firstKey, int lane) {
    int chunk = firstKey / CHUNK;
    return (chunk + (lane + LANES - chunk % LANES) % LANES) * CHUNK;
  }

  /// A key's weight, 0 where the row does not meet it.
  static float weight(float score, float max, int j, int firstKey, int endKey) {
    float weight = 0;
    if (j >= firstKey && j < endKey) {
      weight = TornadoMath.exp(score - max);
    }
    return weight;
  }

  /// What a sum over several lanes becomes by one more. The one with the smaller maximum is scaled.
  ///
  /// @param larger 1 where the further lane has the larger maximum
  static float merged(float sum, float further, int larger, float factor) {
    float merged = sum + further * factor;
    if (larger == 1) {
      merged = further + sum * factor;
    }
    return merged;
  }
}
