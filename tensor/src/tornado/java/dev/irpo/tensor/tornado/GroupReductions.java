package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.GroupRowTasks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// A group of threads a row, for GPUs.
record GroupReductions(TaskList tasks) implements RowReductions {
  @Override
  public void inverseRms(FloatArray inverse, Floats x, int rows, int embedDim, float eps) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupInverseRms",
        (graph, id) ->
            graph.task(
                id, GroupRowTasks::inverseRms, context, inverse, x.array(), x.at(), embedDim, eps),
        grid(rows));
  }

  @Override
  public void rmsNorm(Floats out, Floats x, Floats weight, int rows, int embedDim, float eps) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupRmsNorm",
        (graph, id) ->
            graph.task(
                id,
                GroupRowTasks::rmsNorm,
                context,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                embedDim,
                eps),
        grid(rows));
  }

  @Override
  public void rmsNormInputGradient(
      Floats dX, Floats dOut, Floats x, Floats weight, FloatArray inverse, int rows, int embedDim) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupRmsNormInputGradient",
        (graph, id) ->
            graph.task(
                id,
                GroupRowTasks::rmsNormInputGradient,
                context,
                dX.array(),
                dX.at(),
                dOut.array(),
                dOut.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                inverse,
                embedDim),
        grid(rows));
  }

  private static WorkerGrid grid(int rows) {
    return TaskList.groups(rows, GroupRowTasks.THREADS);
  }
}
