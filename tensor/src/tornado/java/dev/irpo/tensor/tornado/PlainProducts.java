package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Ints;
import dev.irpo.tensor.tornado.task.MatrixTasks;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// A work item an element; what a CPU's caches and vectors are best at.
record PlainProducts(TaskList tasks, DeviceMemory memory) implements MatrixProducts {
  @Override
  public void linear(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim) {
    tasks.add(
        "linear",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linear,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                rows,
                outDim,
                inDim));
  }

  @Override
  public void linearSlice(
      Floats out, Floats x, Floats weight, int rows, int outDim, int inDim, int width) {
    tasks.add(
        "linearSlice",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearSlice,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                rows,
                outDim,
                inDim,
                width));
  }

  @Override
  public void linearOfRounded(Floats out, Floats x, Ints weight, int rows, int outDim, int inDim) {
    FloatArray powers = memory.constants(RoundingTasks.powers());
    tasks.add(
        "linearOfRounded",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearOfRounded,
                out.array(),
                out.at(),
                x.array(),
                x.at(),
                weight.array(),
                weight.at(),
                powers,
                rows,
                outDim,
                inDim));
  }

  @Override
  public void inputGradient(
      Floats dX, Floats dOut, Floats weight, int rows, int outDim, int inDim) {
    tasks.add(
        "linearInputGradient",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearInputGradient,
                dX.array(),
                dX.at(),
                dOut.array(),
                dOut.at(),
                weight.array(),
                weight.at(),
                rows,
                outDim,
                inDim));
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Floats x, int rows, int outDim, int inDim) {
    tasks.add(
        "linearWeightGradient",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearWeightGradient,
                dWeight.array(),
                dWeight.at(),
                dOut.array(),
                dOut.at(),
                x.array(),
                x.at(),
                rows,
                outDim,
                inDim));
  }
}
