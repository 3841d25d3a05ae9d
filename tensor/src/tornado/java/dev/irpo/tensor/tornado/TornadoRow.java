package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.RowKernels;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.ElementwiseTasks;
import dev.irpo.tensor.tornado.task.RowTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records [RowKernels].
final class TornadoRow implements RowKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;
  private final RowReductions reductions;

  TornadoRow(TaskList tasks, DeviceMemory memory, RowReductions reductions) {
    this.tasks = tasks;
    this.memory = memory;
    this.reductions = reductions;
  }

  @Override
  public void embedding(Buffer out, Buffer table, Buffer tokens, int rows, int embedDim) {
    Floats outOn = memory.floats(out);
    Floats tableOn = memory.floats(table);
    DeviceMemory.Ints tokensOn = memory.ints(tokens);
    tasks.add(
        "embedding",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::gatherRows,
                outOn.array(),
                outOn.at(),
                tableOn.array(),
                tableOn.at(),
                tokensOn.array(),
                tokensOn.at(),
                rows,
                embedDim));
  }

  @Override
  public void embeddingGradient(Buffer dTable, Buffer dOut, Buffer tokens, int rows, int embedDim) {
    Floats dTableOn = memory.floats(dTable);
    Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Ints tokensOn = memory.ints(tokens);
    tasks.add(
        "embeddingGradient",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::scatterAddRows,
                dTableOn.array(),
                dTableOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                tokensOn.array(),
                tokensOn.at(),
                rows,
                embedDim));
  }

  @Override
  public void selectRows(Buffer out, Buffer x, Buffer index, int count, int embedDim) {
    Floats outOn = memory.floats(out);
    Floats xOn = memory.floats(x);
    DeviceMemory.Ints indexOn = memory.ints(index);
    tasks.add(
        "selectRows",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::gatherRows,
                outOn.array(),
                outOn.at(),
                xOn.array(),
                xOn.at(),
                indexOn.array(),
                indexOn.at(),
                count,
                embedDim));
  }

  @Override
  public void selectRowsGradient(
      Buffer dX, Buffer dOut, Buffer index, int rows, int count, int embedDim) {
    Floats dXOn = memory.floats(dX);
    Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Ints indexOn = memory.ints(index);
    int elements = Math.multiplyExact(rows, embedDim);
    tasks.add(
        "selectRowsZero",
        (graph, id) -> graph.task(id, ElementwiseTasks::zero, dXOn.array(), dXOn.at(), elements));
    tasks.add(
        "selectRowsGradient",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::scatterAddRows,
                dXOn.array(),
                dXOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                indexOn.array(),
                indexOn.at(),
                count,
                embedDim));
  }

  @Override
  public void rmsNorm(Buffer out, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    reductions.rmsNorm(
        memory.floats(out), memory.floats(x), memory.floats(weight), rows, embedDim, (float) eps);
  }

  @Override
  public void rmsNormInputGradient(
      Buffer dX, Buffer dOut, Buffer x, Buffer weight, int rows, int embedDim, double eps) {
    Floats xOn = memory.floats(x);
    reductions.rmsNormInputGradient(
        memory.floats(dX),
        memory.floats(dOut),
        xOn,
        memory.floats(weight),
        inverseRms(xOn, rows, embedDim, eps),
        rows,
        embedDim);
  }

  @Override
  public void rmsNormWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int embedDim, double eps) {
    Floats dWeightOn = memory.floats(dWeight);
    Floats dOutOn = memory.floats(dOut);
    Floats xOn = memory.floats(x);
    FloatArray inverse = inverseRms(xOn, rows, embedDim, eps);
    tasks.add(
        "rmsNormWeightGradient",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::rmsNormWeightGradient,
                dWeightOn.array(),
                dWeightOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                xOn.array(),
                xOn.at(),
                inverse,
                rows,
                embedDim));
  }

  @Override
  public void rope(
      Buffer out,
      Buffer x,
      Buffer positions,
      Buffer angles,
      int rows,
      int numHeads,
      int headDim,
      int direction) {
    Floats outOn = memory.floats(out);
    Floats xOn = memory.floats(x);
    Floats anglesOn = memory.floats(angles);
    DeviceMemory.Ints positionsOn = memory.ints(positions);
    tasks.add(
        "rope",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::rope,
                outOn.array(),
                outOn.at(),
                xOn.array(),
                xOn.at(),
                positionsOn.array(),
                positionsOn.at(),
                anglesOn.array(),
                anglesOn.at(),
                rows,
                numHeads,
                headDim,
                direction));
  }

  private FloatArray inverseRms(Floats x, int rows, int embedDim, double eps) {
    FloatArray inverse = memory.scratch(rows);
    reductions.inverseRms(inverse, x, rows, embedDim, (float) eps);
    return inverse;
  }
}
