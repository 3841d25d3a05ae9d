package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.MatrixKernels;
import dev.irpo.tensor.tornado.task.MatrixTasks;

/// Records [MatrixKernels].
final class TornadoMatrix implements MatrixKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;

  TornadoMatrix(TaskList tasks, DeviceMemory memory) {
    this.tasks = tasks;
    this.memory = memory;
  }

  @Override
  public void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats xOn = memory.floats(x);
    DeviceMemory.Floats weightOn = memory.floats(weight);
    tasks.add(
        "linear",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linear,
                outOn.array(),
                outOn.at(),
                xOn.array(),
                xOn.at(),
                weightOn.array(),
                weightOn.at(),
                rows,
                outDim,
                inDim));
  }

  @Override
  public void linearInputGradient(
      Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim) {
    DeviceMemory.Floats dXOn = memory.floats(dX);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Floats weightOn = memory.floats(weight);
    tasks.add(
        "linearInputGradient",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearInputGradient,
                dXOn.array(),
                dXOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                weightOn.array(),
                weightOn.at(),
                rows,
                outDim,
                inDim));
  }

  @Override
  public void linearWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim) {
    DeviceMemory.Floats dWeightOn = memory.floats(dWeight);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Floats xOn = memory.floats(x);
    tasks.add(
        "linearWeightGradient",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearWeightGradient,
                dWeightOn.array(),
                dWeightOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                xOn.array(),
                xOn.at(),
                rows,
                outDim,
                inDim));
  }
}
