package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.RowTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// A work item a row; what a CPU is best at.
record PlainReductions(TaskList tasks, DeviceMemory memory) implements RowReductions {
  @Override
  public void inverseRms(FloatArray inverse, Floats x, int rows, int embedDim, float eps) {
    tasks.add(
        "inverseRms",
        (graph, id) ->
            graph.task(id, RowTasks::inverseRms, inverse, x.array(), x.at(), rows, embedDim, eps));
  }

  @Override
  public void rmsNorm(Floats out, Floats x, Floats weight, int rows, int embedDim, float eps) {
    FloatArray inverse = memory.scratch(rows);
    inverseRms(inverse, x, rows, embedDim, eps);
    tasks.add(
        "rmsNorm",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::rmsNorm,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                inverse,
                rows,
                embedDim));
  }

  @Override
  public void rmsNormInputGradient(
      Floats dX, Floats dOut, Floats x, Floats weight, FloatArray inverse, int rows, int embedDim) {
    tasks.add(
        "rmsNormInputGradient",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::rmsNormInputGradient,
                dX.array(),
                dX.at(),
                dOut.array(),
                dOut.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                inverse,
                rows,
                embedDim));
  }
}
