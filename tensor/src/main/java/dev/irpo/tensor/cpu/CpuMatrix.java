package dev.irpo.tensor.cpu;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.MatrixKernels;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// [MatrixKernels] over panels, shared among threads by panels and, where these are few, by rows.
final class CpuMatrix implements MatrixKernels {
  /// Multiply-adds below which a product stays on the calling thread.
  private static final long SMALL = 40_000;

  /// Least rows of a task when a panel's rows are split.
  private static final int ROW_CHUNK = 64;

  /// Rows from which packing anew costs less than a tenth of the product.
  private static final int PACKED_ROWS = 256;

  /// Rows from which packing them too pays off.
  private static final int BLOCKED_ROWS = 16;

  /// Multiple of rows that a task with weights of 16 bits takes.
  private static final int ROW_TILES = 4 * RowProducts.TILE;

  /// Bytes of a block of rows that stays in the second cache while weights of 16 bits pass by.
  private static final long BLOCK_BYTES = 1L << 19;

  /// Columns of a task whose weights of 16 bits serve several blocks of rows in turn.
  private static final int COLUMN_CHUNK = 64;

  private final WorkerPool pool;
  private final PackedWeights packedWeights;

  CpuMatrix(WorkerPool pool, PackedWeights packedWeights) {
    this.pool = pool;
    this.packedWeights = packedWeights;
  }

  /// How a product is cut into tasks: tasks = panelGroups · rowChunks.
  private record Split(ProductSizes sizes, int panelsPerTask, int rowsPerTask) {
    int panelGroups() {
      int panels = MatrixProduct.panels(sizes.columns());
      return (panels + panelsPerTask - 1) / panelsPerTask;
    }

    int tasks() {
      return panelGroups() * ((sizes.rows() + rowsPerTask - 1) / rowsPerTask);
    }

    int firstPanel(int task) {
      return task % panelGroups() * panelsPerTask;
    }

    int lastPanel(int task) {
      int panels = MatrixProduct.panels(sizes.columns());
      return Math.min(panels, firstPanel(task) + panelsPerTask);
    }

    int firstRow(int task) {
      return task / panelGroups() * rowsPerTask;
    }

    ProductSizes part(int task) {
      int rows = Math.min(rowsPerTask, sizes.rows() - firstRow(task));
      return new ProductSizes(rows, sizes.columns(), sizes.depth());
    }
  }

  private Split split(ProductSizes sizes) {
    int panels = MatrixProduct.panels(sizes.columns());
    long work = (long) sizes.rows() * sizes.columns() * sizes.depth();
    if (pool.threads() == 1 || work < SMALL) {
      return new Split(sizes, panels, sizes.rows());
    }
    int wanted = 4 * pool.threads();
    if (panels >= wanted || sizes.rows() < 2 * ROW_CHUNK) {
      return new Split(sizes, Math.max(1, panels / wanted), sizes.rows());
    }
    int chunks = Math.min((wanted + panels - 1) / panels, sizes.rows() / ROW_CHUNK);
    int rows = (sizes.rows() / chunks + 7) / 8 * 8;
    return new Split(sizes, 1, rows);
  }

  @Override
  public void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim) {
    linear(out.segment(), x.segment(), weight, new ProductSizes(rows, outDim, inDim));
  }

  /// The linear layer on plain memory.
  void linear(MemorySegment out, MemorySegment x, Buffer weight, ProductSizes sizes) {
    if (weight.dtype() != DType.F32) {
      narrowLinear(out, x, weight, sizes);
      return;
    }
    int rows = sizes.rows();
    Optional<MemorySegment> packed =
        rows < PACKED_ROWS ? packedWeights.of(weight, sizes) : Optional.empty();
    PanelSource a = new RowPanels(x, rows, sizes.depth());
    BlockedProduct product = new BlockedProduct(pool, out, sizes, false);
    if (packed.isEmpty()) {
      product.multiply(a, new RowPanels(weight.segment(), sizes.columns(), sizes.depth()));
    } else if (rows < BLOCKED_ROWS) {
      packedLinear(out, x, packed.get(), sizes);
    } else {
      product.multiply(a, packed.get());
    }
  }

  /// With panels that are kept.
  private void packedLinear(
      MemorySegment out, MemorySegment x, MemorySegment panels, ProductSizes sizes) {
    int inDim = sizes.depth();
    long cRow = 4L * sizes.columns();
    Split split = split(sizes);
    pool.run(
        split.tasks(),
        (task, scratch) -> {
          Tiles.Operands m =
              new Tiles.Operands(
                  out, cRow, x, 4L * inDim, 4, panels, inDim * Tiles.PANEL_BYTES, scratch.edge());
          int first = split.firstPanel(task);
          long row = split.firstRow(task);
          MatrixProduct.multiply(
              m,
              row * cRow,
              row * 4L * inDim,
              (long) first * inDim * Tiles.PANEL_BYTES,
              split.part(task),
              first,
              split.lastPanel(task),
              false);
        });
  }

  /// With weights of 16 bits, straight from where they lie.
  private void narrowLinear(MemorySegment out, MemorySegment x, Buffer weight, ProductSizes sizes) {
    int rows = sizes.rows();
    int columns = sizes.columns();
    int rowChunk = rowChunk(sizes);
    int rowChunks = (rows + rowChunk - 1) / rowChunk;
    int columnChunk = columnChunk(sizes, rowChunks);
    int columnChunks = (columns + columnChunk - 1) / columnChunk;
    MemorySegment weights = weight.segment();
    pool.run(
        rowChunks * columnChunks,
        (task, scratch) -> {
          int row = task % rowChunks * rowChunk;
          int column = task / rowChunks * columnChunk;
          new RowProducts(out, x, weights, weight.dtype(), columns, sizes.depth(), scratch)
              .multiply(
                  row,
                  Math.min(rows, row + rowChunk),
                  column,
                  Math.min(columns, column + columnChunk));
        });
  }

  private static int rowChunk(ProductSizes sizes) {
    long fitting = BLOCK_BYTES / (4L * sizes.depth()) / ROW_TILES * ROW_TILES;
    return Math.clamp(fitting, ROW_TILES, Math.max(ROW_TILES, sizes.rows()));
  }

  private int columnChunk(ProductSizes sizes, int rowChunks) {
    int columns = sizes.columns();
    long work = (long) sizes.rows() * columns * sizes.depth();
    if (pool.threads() == 1 || work < SMALL) {
      return Math.max(COLUMN_CHUNK, rowChunks == 1 ? columns : 0);
    }
    int wanted = (4 * pool.threads() + rowChunks - 1) / rowChunks; // column chunks
    int share = (columns / wanted + RowProducts.TILE - 1) / RowProducts.TILE * RowProducts.TILE;
    return Math.max(RowProducts.TILE, rowChunks == 1 ? share : Math.min(COLUMN_CHUNK, share));
  }

  @Override
  public void linearInputGradient(
      Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim) {
    ProductSizes sizes = new ProductSizes(rows, inDim, outDim);
    inputGradient(dX.segment(), dOut.segment(), weight.segment(), sizes);
  }

  /// dX (R, K) = dOut (R, N) · weight (N, K) on plain memory; sizes are (R, K, N).
  void inputGradient(
      MemorySegment dX, MemorySegment dOut, MemorySegment weight, ProductSizes sizes) {
    new BlockedProduct(pool, dX, sizes, false)
        .multiply(
            new RowPanels(dOut, sizes.rows(), sizes.depth()),
            new ColumnPanels(weight, sizes.columns()));
  }

  @Override
  public void linearWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim) {
    ProductSizes sizes = new ProductSizes(outDim, inDim, rows);
    weightGradient(dWeight.segment(), dOut.segment(), x.segment(), sizes);
  }

  /// dWeight (N, K) += dOutᵀ (N, R) · x (R, K) on plain memory; sizes are (N, K, R).
  void weightGradient(
      MemorySegment dWeight, MemorySegment dOut, MemorySegment x, ProductSizes sizes) {
    new BlockedProduct(pool, dWeight, sizes, true)
        .multiply(new ColumnPanels(dOut, sizes.rows()), new ColumnPanels(x, sizes.columns()));
  }
}
