package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import dev.irpo.tensor.tornado.task.TiledMatrixTasks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Tiles in local memory, for GPUs. A short inner dimension is left to [PlainProducts]: tiles do
/// not pay there, and TornadoVM 5.2.0 cannot compile the kernel once it has unrolled its only loop.
record TiledProducts(TaskList tasks, DeviceMemory memory, MatrixProducts plain)
    implements MatrixProducts {
  private static final int LEAST_DEPTH = 64;
  private static final int STORE = 0;
  private static final int ADD = 1;

  /// An operand whose element (i, j) lies at `i·row + j·column` after its first.
  private record Operand(Numbers place, int row, int column) {}

  @Override
  public void linear(Floats out, Numbers x, Numbers weight, int rows, int outDim, int inDim) {
    if (inDim < LEAST_DEPTH) {
      plain.linear(out, x, weight, rows, outDim, inDim);
      return;
    }
    Operand a = new Operand(x, inDim, 1);
    Operand b = new Operand(weight, 1, inDim);
    record("tiledLinear", out, a, b, new int[] {rows, outDim, inDim, STORE});
  }

  @Override
  public void linearSlice(
      Floats out, Floats x, Floats weight, int rows, int outDim, int inDim, int width) {
    if (width < LEAST_DEPTH) {
      plain.linearSlice(out, x, weight, rows, outDim, inDim, width);
      return;
    }
    Operand a = new Operand(x, inDim, 1);
    Operand b = new Operand(weight, 1, inDim);
    record("tiledLinearSlice", out, a, b, new int[] {rows, outDim, width, STORE});
  }

  @Override
  public void inputGradient(
      Floats dX, Floats dOut, Numbers weight, int rows, int outDim, int inDim) {
    if (outDim < LEAST_DEPTH) {
      plain.inputGradient(dX, dOut, weight, rows, outDim, inDim);
      return;
    }
    Operand a = new Operand(dOut, outDim, 1);
    Operand b = new Operand(weight, inDim, 1);
    record("tiledInputGradient", dX, a, b, new int[] {rows, inDim, outDim, STORE});
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Numbers x, int rows, int outDim, int inDim) {
    if (rows < LEAST_DEPTH) {
      plain.weightGradient(dWeight, dOut, x, rows, outDim, inDim);
      return;
    }
    Operand a = new Operand(dOut, 1, outDim);
    Operand b = new Operand(x, inDim, 1);
    record("tiledWeightGradient", dWeight, a, b, new int[] {outDim, inDim, rows, ADD});
  }

  /// @param sizes rows and columns of `c`, inner dimension, whether to add
  private void record(String name, Floats c, Operand a, Operand b, int[] sizes) {
    int rows = sizes[0];
    int columns = sizes[1];
    int depth = sizes[2];
    int mode = sizes[3];
    KernelContext context = new KernelContext();
    FloatArray powers = memory.constants(RoundingTasks.powers());
    Argument left = Argument.of(a.place(), memory);
    Argument right = Argument.of(b.place(), memory);
    tasks.add(
        name,
        (graph, id) ->
            graph.task(
                id,
                TiledMatrixTasks::product,
                context,
                c.array(),
                c.at(),
                left.floats(),
                left.pairs(),
                left.isRounded(),
                left.at(),
                a.row(),
                a.column(),
                right.floats(),
                right.pairs(),
                powers,
                right.isRounded(),
                right.at(),
                b.row(),
                b.column(),
                rows,
                columns,
                depth,
                mode),
        grid(rows, columns));
  }

  private static WorkerGrid grid(int rows, int columns) {
    int side = TiledMatrixTasks.THREADS;
    WorkerGrid2D grid = new WorkerGrid2D(tiles(columns) * side, tiles(rows) * side);
    grid.setLocalWork(side, side, 1);
    return grid;
  }

  private static int tiles(int length) {
    return (length + TiledMatrixTasks.TILE - 1) / TiledMatrixTasks.TILE;
  }
}
