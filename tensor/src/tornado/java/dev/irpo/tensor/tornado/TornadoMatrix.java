package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.MatrixKernels;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;

/// Records [MatrixKernels].
final class TornadoMatrix implements MatrixKernels {
  private final TaskList tasks;
  private final MatrixProducts products;
  private final DeviceMemory memory;

  TornadoMatrix(TaskList tasks, MatrixProducts products, DeviceMemory memory) {
    this.tasks = tasks;
    this.products = products;
    this.memory = memory;
  }

  @Override
  public void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim) {
    Numbers weightOn =
        memory.rounded(weight).<Numbers>map(pairs -> pairs).orElseGet(() -> memory.numbers(weight));
    products.linear(memory.floats(out), memory.numbers(x), weightOn, rows, outDim, inDim);
  }

  /// Of rows in single precision and a weight that is widened where it has 16 bits: slices are for
  /// bits that several processes agree in, not for speed.
  @Override
  public void linearSlice(
      Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim, int first, int width) {
    Floats xOn = memory.floats(x).from(first);
    Floats weightOn = single(memory.numbers(weight), outDim * inDim).from(first);
    products.linearSlice(memory.floats(out), xOn, weightOn, rows, outDim, inDim, width);
  }

  private Floats single(Numbers numbers, int n) {
    return switch (numbers) {
      case Floats floats -> floats;
      case Pairs pairs -> new Widening(tasks, memory).widened(pairs, n);
    };
  }

  @Override
  public void linearInputGradient(
      Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim) {
    products.inputGradient(
        memory.floats(dX), memory.floats(dOut), memory.numbers(weight), rows, outDim, inDim);
  }

  @Override
  public void linearWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim) {
    products.weightGradient(
        memory.floats(dWeight), memory.floats(dOut), memory.numbers(x), rows, outDim, inDim);
  }
}
