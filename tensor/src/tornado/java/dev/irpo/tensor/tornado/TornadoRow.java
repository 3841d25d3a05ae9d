package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.RowKernels;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Ints;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import dev.irpo.tensor.tornado.task.RoundingTasks;
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
  public void gatherRows(Buffer out, Buffer x, Buffer index, int count, int embedDim) {
    Floats outOn = memory.floats(out);
    Ints indexOn = memory.ints(index);
    switch (memory.numbers(x)) {
      case Floats single -> gatherRows(outOn, single, indexOn, count, embedDim);
      case Pairs half -> gatherHalfRows(outOn, half, indexOn, count, embedDim);
    }
  }

  private void gatherHalfRows(Floats out, Pairs x, Ints index, int count, int embedDim) {
    FloatArray powers = memory.constants(RoundingTasks.powers());
    tasks.add(
        "gatherHalfRows",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::gatherHalfRows,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                powers,
                index.array(),
                index.at(),
                count,
                embedDim));
  }

  /// [#gatherRows] where a device has the arrays; a negative index gives a row of zeros.
  void gatherRows(Floats out, Floats x, Ints index, int count, int embedDim) {
    tasks.add(
        "gatherRows",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::gatherRows,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                index.array(),
                index.at(),
                count,
                embedDim));
  }

  @Override
  public void scatterAddRows(Buffer dX, Buffer dOut, Buffer index, int count, int embedDim) {
    scatterAddRows(memory.floats(dX), memory.floats(dOut), memory.ints(index), count, embedDim);
  }

  /// [#scatterAddRows] where a device has the arrays; a row with a negative index is left out.
  void scatterAddRows(Floats dX, Floats dOut, Ints index, int count, int embedDim) {
    tasks.add(
        "scatterAddRows",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::scatterAddRows,
                dX.array(),
                dX.at(),
                dOut.array(),
                dOut.at(),
                index.array(),
                index.at(),
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
    Ints positionsOn = memory.ints(positions);
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
