package dev.irpo.tensor.cpu;

import static dev.irpo.tensor.cpu.Lanes.floatBytes;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.kernel.MatrixKernels;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// [MatrixKernels] over panels ([BlockedProduct]), and [RowProducts] for weights of 16 bits.
final class CpuMatrix implements MatrixKernels {
  /// From so many rows on, packing for one product costs less than a tenth of it.
  private static final int PACKED_ROWS = 256;

  /// Multiple of rows that a task with weights of 16 bits takes.
  private static final int ROW_TILES = 4 * RowProducts.TILE;

  /// Bytes of a block of rows that stays in the L2 cache while weights of 16 bits are read.
  private static final long BLOCK_BYTES = 1L << 19;

  /// Columns of a task whose weights of 16 bits serve several blocks of rows one after the other.
  private static final int COLUMN_CHUNK = 64;

  /// Most floats in the order of [HalfLanes#unzip], 16 MiB.
  private static final int UNZIPPED_FLOATS = 1 << 22;

  /// How many times more tasks than usual share weights of 16 bits that are read once, so that no
  /// thread waits long for the last task of another.
  private static final int FINER = 4;

  private final WorkerPool pool;
  private final PackedWeights packedWeights;

  CpuMatrix(WorkerPool pool, PackedWeights packedWeights) {
    this.pool = pool;
    this.packedWeights = packedWeights;
  }

  /// Whether a product of so many rows reads packed copies of its weight.
  static boolean packs(int rows) {
    return rows < PACKED_ROWS;
  }

  @Override
  public void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim) {
    ProductSizes sizes = new ProductSizes(rows, outDim, inDim);
    linear(out.segment(), Factor.of(x), weight, sizes, new Inner(inDim, 0));
  }

  @Override
  public void linearSlice(
      Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim, int first, int width) {
    ProductSizes sizes = new ProductSizes(rows, outDim, width);
    linear(out.segment(), Factor.of(x), weight, sizes, new Inner(inDim, first));
  }

  /// Rows that are multiplied with a weight.
  private record Factor(MemorySegment memory, DType dtype) {
    static Factor of(Buffer x) {
      return new Factor(x.segment(), x.dtype());
    }

    static Factor single(MemorySegment memory) {
      return new Factor(memory, DType.F32);
    }

    TileRows.Source rows(Inner inner) {
      return dtype == DType.F32
          ? TileRows.ofRows(Strided.rows(memory, inner.dim).from(0, inner.first))
          : TileRows.ofHalfRows(memory, dtype, inner.dim, inner.first);
    }

    /// Copies some elements of a row in the order of [HalfLanes#unzip].
    void unzip(Inner inner, int row, float[] to, int toAt, int n) {
      long first = (long) row * inner.dim + inner.first;
      if (dtype == DType.F32) {
        HalfLanes.unzip(memory, floatBytes(first), to, toAt, n);
      } else {
        HalfLanes.widenUnzipped(dtype, memory, first * dtype.bytes(), to, toAt, n);
      }
    }
  }

  /// Where the summed elements of a row lie.
  ///
  /// @param dim elements of a row of both factors, K
  /// @param first of those that are summed
  private record Inner(int dim, int first) {}

  /// The linear layer on plain memory.
  void linear(MemorySegment out, MemorySegment x, Buffer weight, ProductSizes sizes) {
    linear(out, Factor.single(x), weight, sizes, new Inner(sizes.depth(), 0));
  }

  private void linear(MemorySegment out, Factor x, Buffer weight, ProductSizes sizes, Inner inner) {
    if (!weight.isSummedAsSingle()) {
      halfLinear(out, x, weight, sizes, inner);
      return;
    }
    ProductSizes whole = new ProductSizes(sizes.rows(), sizes.columns(), inner.dim);
    Optional<Panels> packed =
        packs(sizes.rows()) ? packedWeights.of(weight, whole) : Optional.empty();
    BlockedProduct product = product(out, x.rows(inner), sizes, false);
    if (packed.isEmpty()) {
      RowPanels panels =
          new RowPanels(weight.segment(), weight.dtype(), sizes.columns(), inner.dim);
      product.multiply(panels.from(inner.first));
    } else {
      product.multiply(packed.get().from(0, inner.first));
    }
  }

  private BlockedProduct product(
      MemorySegment out, TileRows.Source a, ProductSizes sizes, boolean add) {
    return new BlockedProduct(pool, Strided.rows(out, sizes.columns()), a, sizes, add);
  }

  /// The linear layer on plain memory with a part of a weight, of which no panels are kept.
  void linearOfPart(MemorySegment out, MemorySegment x, Buffer part, ProductSizes sizes) {
    if (!part.isSummedAsSingle()) {
      halfLinear(out, Factor.single(x), part, sizes, new Inner(sizes.depth(), 0));
      return;
    }
    product(out, TileRows.ofRows(Strided.rows(x, sizes.depth())), sizes, false)
        .multiply(new RowPanels(part.segment(), part.dtype(), sizes.columns(), sizes.depth()));
  }

  /// With weights of 16 bits, straight from where they lie, for so many rows at a time as fit
  /// [#UNZIPPED_FLOATS].
  private void halfLinear(
      MemorySegment out, Factor x, Buffer weight, ProductSizes sizes, Inner inner) {
    int depth = sizes.depth();
    int most = Math.max(1, UNZIPPED_FLOATS / depth / ROW_TILES) * ROW_TILES;
    for (int row = 0; row < sizes.rows(); row += most) {
      int rows = Math.min(most, sizes.rows() - row);
      MemorySegment part = out.asSlice(floatBytes((long) row * sizes.columns()));
      ProductSizes some = new ProductSizes(rows, sizes.columns(), depth);
      try (Scratch.Frame _ = pool.callerScratch().frame()) {
        halfLinear(part, unzip(x, inner, row, rows, depth), weight, some, inner);
      }
    }
  }

  private void halfLinear(
      MemorySegment out, float[] x, Buffer weight, ProductSizes sizes, Inner inner) {
    int rows = sizes.rows();
    int columns = sizes.columns();
    int rowChunk = rowChunk(sizes);
    int rowChunks = (rows + rowChunk - 1) / rowChunk;
    int columnChunk = columnChunk(sizes, rowChunks);
    int columnChunks = (columns + columnChunk - 1) / columnChunk;
    MemorySegment weights = weight.segment().asSlice((long) inner.first * weight.dtype().bytes());
    RowProducts.Weights from = new RowProducts.Weights(weights, weight.dtype(), inner.dim);
    pool.run(
        rowChunks * columnChunks,
        (task, scratch) -> {
          int row = task % rowChunks * rowChunk;
          int column = task / rowChunks * columnChunk;
          int lastRow = Math.min(rows, row + rowChunk);
          int lastColumn = Math.min(columns, column + columnChunk);
          new RowProducts(out, x, from, columns, sizes.depth(), lastRow - row, scratch)
              .multiply(row, lastRow, column, lastColumn);
        });
  }

  private float[] unzip(Factor x, Inner inner, int first, int rows, int depth) {
    float[] unzipped = pool.callerScratch().array(Area.UNZIPPED, rows * depth);
    pool.run(
        (rows + ROW_TILES - 1) / ROW_TILES,
        (task, scratch) -> {
          for (int row = task * ROW_TILES; row < Math.min(rows, (task + 1) * ROW_TILES); row++) {
            x.unzip(inner, first + row, unzipped, row * depth, depth);
          }
        });
    return unzipped;
  }

  private static int rowChunk(ProductSizes sizes) {
    long fitting = BLOCK_BYTES / floatBytes(sizes.depth()) / ROW_TILES * ROW_TILES;
    return Math.clamp(fitting, ROW_TILES, Math.max(ROW_TILES, sizes.rows()));
  }

  private int columnChunk(ProductSizes sizes, int rowChunks) {
    int columns = sizes.columns();
    int tasks = sizes.wantedTasks(pool);
    if (tasks == 1) {
      return Math.max(COLUMN_CHUNK, rowChunks == 1 ? columns : 0);
    }
    int wanted = rowChunks == 1 ? FINER * tasks : (tasks + rowChunks - 1) / rowChunks;
    int share = (columns / wanted + RowProducts.TILE - 1) / RowProducts.TILE * RowProducts.TILE;
    return Math.max(RowProducts.TILE, rowChunks == 1 ? share : Math.min(COLUMN_CHUNK, share));
  }

  @Override
  public void linearInputGradient(
      Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim) {
    ProductSizes sizes = new ProductSizes(rows, inDim, outDim);
    inputGradient(dX.segment(), dOut.segment(), weight, sizes, false);
  }

  /// dX (R, K) = dOut (R, N) · weight (N, K) on plain memory, or += if `add`; sizes are (R, K, N).
  void inputGradient(
      MemorySegment dX, MemorySegment dOut, Buffer weight, ProductSizes sizes, boolean add) {
    product(dX, TileRows.ofRows(Strided.rows(dOut, sizes.depth())), sizes, add)
        .multiply(new ColumnPanels(weight.segment(), weight.dtype(), sizes.columns()));
  }

  @Override
  public void linearWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim) {
    ProductSizes sizes = new ProductSizes(outDim, inDim, rows);
    weightGradient(dWeight.segment(), dOut.segment(), Factor.of(x), sizes);
  }

  /// dWeight (N, K) += dOutᵀ (N, R) · x (R, K) on plain memory; sizes are (N, K, R).
  void weightGradient(
      MemorySegment dWeight, MemorySegment dOut, MemorySegment x, ProductSizes sizes) {
    weightGradient(dWeight, dOut, Factor.single(x), sizes);
  }

  private void weightGradient(
      MemorySegment dWeight, MemorySegment dOut, Factor x, ProductSizes sizes) {
    product(dWeight, TileRows.ofColumns(new ColumnPanels(dOut, sizes.rows())), sizes, true)
        .multiply(new ColumnPanels(x.memory, x.dtype, sizes.columns()));
  }
}
