package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import java.lang.foreign.MemorySegment;
import java.util.function.IntConsumer;

/// A block of scored positions: `from` to `from + count` of the list that names the row of the
/// states of each.
record ScoredRows(Buffer rows, int from, int count) {
  /// Positions of a task.
  private static final int TASK_POSITIONS = 32;

  /// Row of the states that position `i` of the block reads; negative if it is skipped.
  int row(int i) {
    return rows.getInt(from + i);
  }

  /// Whether all positions are skipped.
  boolean isEmpty() {
    for (int i = 0; i < count; i++) {
      if (row(i) >= 0) {
        return false;
      }
    }
    return true;
  }

  /// Calls `work` for each position of the block on the pool's threads.
  void forEach(WorkerPool pool, IntConsumer work) {
    pool.run(
        (count + TASK_POSITIONS - 1) / TASK_POSITIONS,
        (task, scratch) -> {
          int last = Math.min(count, (task + 1) * TASK_POSITIONS);
          for (int i = task * TASK_POSITIONS; i < last; i++) {
            work.accept(i);
          }
        });
  }

  /// Copies the states (count, C) side by side; a skipped position gets an arbitrary row.
  void gather(WorkerPool pool, MemorySegment states, Buffer x, int embedDim) {
    MemorySegment xs = x.segment();
    long bytes = floatBytes(embedDim);
    forEach(
        pool, i -> MemorySegment.copy(xs, Math.max(0, row(i)) * bytes, states, i * bytes, bytes));
  }
}
