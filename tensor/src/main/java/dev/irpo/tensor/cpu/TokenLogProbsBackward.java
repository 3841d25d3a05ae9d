package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Gradient of token log-probabilities with respect to the states, the head or both.
///
/// Once the normalisers are known, the gradient of a logit needs no other, so it takes all rows (or
/// [#MOST_ROWS]) by some columns: each part of the head is packed once, and each part of its
/// gradient is written once.
record TokenLogProbsBackward(
    WorkerPool pool,
    CpuMatrix matrix,
    Buffer dOut,
    Buffer logSumExp,
    Buffer x,
    Buffer weight,
    Buffer rows,
    Buffer targets,
    ScoreSizes sizes) {
  /// Rows of a block.
  private static final int MOST_ROWS = 4096;

  /// Columns of a block. Rows of 1,024 would be 4 KiB apart, so that a strip of them would compete
  /// for an eighth of the L2 cache.
  private static final int COLUMNS = 800;

  /// Columns of the logits, rows of the head.
  private record Columns(int first, int count) {}

  /// Computes what is wanted.
  ///
  /// @param dX written
  /// @param dWeight added to
  void run(Optional<Buffer> dX, Optional<Buffer> dWeight) {
    dX.ifPresent(Buffer::clear);
    int embedDim = sizes.embedDim();
    int blocks = (sizes.count() + MOST_ROWS - 1) / MOST_ROWS;
    int most = (sizes.count() + blocks - 1) / blocks;
    int width = Math.min(sizes.vocabSize(), COLUMNS);
    Scratch own = pool.callerScratch();
    try (Scratch.Frame _ = own.frame()) {
      MemorySegment logits = own.floats(Area.LOGITS, (long) most * width);
      MemorySegment states = own.floats(Area.STATES, (long) most * embedDim);
      Optional<MemorySegment> dStates =
          dX.map(_ -> own.floats(Area.STATE_GRADIENTS, (long) most * embedDim));
      for (int from = 0; from < sizes.count(); from += most) {
        ScoredRows block = new ScoredRows(rows, from, Math.min(most, sizes.count() - from));
        if (block.isEmpty()) {
          continue;
        }
        block.gather(pool, states, x, embedDim);
        for (int v = 0; v < sizes.vocabSize(); v += width) {
          Columns columns = new Columns(v, Math.min(width, sizes.vocabSize() - v));
          logitGradients(logits, states, block, columns);
          dStates.ifPresent(target -> addToStates(target, logits, block, columns));
          dWeight.ifPresent(target -> addToHead(target, logits, states, block, columns));
        }
        dX.ifPresent(target -> addRows(target.segment(), dStates.orElseThrow(), block));
      }
    }
  }

  /// The part of the head, or of its gradient, for some columns of the logits.
  private Buffer part(Buffer head, Columns columns) {
    long row = sizes.embedDim();
    return head.slice(columns.first * row, columns.count * row);
  }

  /// The first columns overwrite what another block of rows left.
  private void addToStates(
      MemorySegment dStates, MemorySegment gradients, ScoredRows block, Columns columns) {
    ProductSizes product = new ProductSizes(block.count(), sizes.embedDim(), columns.count);
    matrix.inputGradient(dStates, gradients, part(weight, columns), product, columns.first > 0);
  }

  private void addToHead(
      Buffer dWeight,
      MemorySegment gradients,
      MemorySegment states,
      ScoredRows block,
      Columns columns) {
    ProductSizes product = new ProductSizes(columns.count, sizes.embedDim(), block.count());
    matrix.weightGradient(part(dWeight, columns).segment(), gradients, states, product);
  }

  /// Writes dOut·([v = target] − exp(l[v] − logSumExp)) for some columns of a block.
  private void logitGradients(
      MemorySegment logits, MemorySegment states, ScoredRows block, Columns columns) {
    ProductSizes product = new ProductSizes(block.count(), columns.count, sizes.embedDim());
    matrix.linearOfPart(logits, states, part(weight, columns), product);
    block.forEach(pool, i -> logitGradients(logits, i, block.from() + i, columns));
  }

  /// Replaces row `i` of a block of logits, that of position `position`.
  private void logitGradients(MemorySegment logits, int i, int position, Columns columns) {
    long at = floatBytes((long) i * columns.count);
    float gradient = rows.getInt(position) < 0 ? 0 : (float) dOut.get(position);
    if (gradient == 0) {
      logits.asSlice(at, floatBytes(columns.count)).fill((byte) 0);
      return;
    }
    Lanes.scaledExp(logits, at, columns.count, (float) logSumExp.get(position), -gradient);
    int target = targets.getInt(position) - columns.first;
    if (target >= 0 && target < columns.count) {
      long targetAt = at + floatBytes(target);
      logits.set(Lanes.FLOAT, targetAt, logits.get(Lanes.FLOAT, targetAt) + gradient);
    }
  }

  private void addRows(MemorySegment dX, MemorySegment dStates, ScoredRows block) {
    int embedDim = sizes.embedDim();
    for (int i = 0; i < block.count(); i++) {
      int row = block.row(i);
      if (row >= 0) {
        long target = floatBytes((long) row * embedDim);
        Lanes.addTo(dX, target, dStates, floatBytes((long) i * embedDim), embedDim);
      }
    }
  }
}
