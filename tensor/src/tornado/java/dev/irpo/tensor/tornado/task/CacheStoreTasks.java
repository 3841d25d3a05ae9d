package dev.irpo.tensor.tornado.task;

import static dev.irpo.tensor.kernel.AttentionKernels.CACHE_BLOCK;
import static dev.irpo.tensor.tornado.task.AttentionTasks.COLUMNS;
import static dev.irpo.tensor.tornado.task.AttentionTasks.keyPlace;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Stores the new rows of keys and values in their caches, see
/// [dev.irpo.tensor.kernel.AttentionKernels#cachedAttention]; arrays as in [AttentionTasks].
public final class CacheStoreTasks {
  private CacheStoreTasks() {}

  /// Stores the new rows of keys and values in their caches, a work item an element.
  public static void store(
      FloatArray keyCache,
      int keyCacheAt,
      FloatArray valueCache,
      int valueCacheAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray places,
      int rows,
      int numKvHeads,
      int headDim,
      int rowWidth) {
    for (@Parallel int i = 0; i < rows * numKvHeads * headDim; i++) {
      int to = newPlace(places, i / headDim, numKvHeads, rowWidth);
      if (to >= 0) {
        keyCache.set(keyCacheAt + to + i % headDim, k.get(kAt + i));
        valueCache.set(valueCacheAt + to + i % headDim, v.get(vAt + i));
      }
    }
  }

  /// The same rounded to bfloat16, a work item a pair: it has both elements, or the last one and
  /// what no head has.
  ///
  /// @param keyCacheAt even, as `valueCacheAt`
  /// @param powers see [RoundingTasks#powers()]
  public static void storePairs(
      IntArray keyCache,
      int keyCacheAt,
      IntArray valueCache,
      int valueCacheAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      FloatArray powers,
      IntArray places,
      int rows,
      int numKvHeads,
      int headDim,
      int rowWidth) {
    int width = (headDim + 1) / 2;
    for (@Parallel int i = 0; i < rows * numKvHeads * width; i++) {
      int to = newPlace(places, i / width, numKvHeads, rowWidth);
      if (to >= 0) {
        int first = i / width * headDim;
        int d = i % width * 2;
        keyCache.set((keyCacheAt + to + d) / 2, pair(k, kAt + first, d, headDim, powers));
        valueCache.set((valueCacheAt + to + d) / 2, pair(v, vAt + first, d, headDim, powers));
      }
    }
  }

  /// Elements d and d + 1 of a head; TornadoVM inlines it.
  private static int pair(FloatArray x, int xAt, int d, int headDim, FloatArray powers) {
    int pair = RoundingTasks.nearest(x.get(xAt + d), powers);
    if (d + 1 < headDim) {
      pair = pair | RoundingTasks.nearest(x.get(xAt + d + 1), powers) << 16;
    }
    return pair;
  }

  /// Where a new key begins, −1 where its row is skipped.
  ///
  /// @param index row times key heads plus head
  private static int newPlace(IntArray places, int index, int numKvHeads, int rowWidth) {
    int r = index / numKvHeads;
    int own = places.get(COLUMNS * r + 3);
    int place = -1;
    if (own > 0) {
      int position = places.get(COLUMNS * r + 2) + own - 1;
      place = keyPlace(position, index % numKvHeads, numKvHeads, CACHE_BLOCK, rowWidth);
    }
    return place;
  }
}
