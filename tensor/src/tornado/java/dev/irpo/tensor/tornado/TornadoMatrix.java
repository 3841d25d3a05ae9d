package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.MatrixKernels;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;

/// Records [MatrixKernels].
final class TornadoMatrix implements MatrixKernels {
  private final MatrixProducts products;
  private final DeviceMemory memory;

  TornadoMatrix(MatrixProducts products, DeviceMemory memory) {
    this.products = products;
    this.memory = memory;
  }

  @Override
  public void linear(Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim) {
    Floats outOn = memory.floats(out);
    Floats xOn = memory.floats(x);
    memory
        .rounded(weight)
        .ifPresentOrElse(
            pairs -> products.linearOfRounded(outOn, xOn, pairs, rows, outDim, inDim),
            () -> products.linear(outOn, xOn, memory.floats(weight), rows, outDim, inDim));
  }

  /// Of the weight as it is, rounded or not.
  @Override
  public void linearSlice(
      Buffer out, Buffer x, Buffer weight, int rows, int outDim, int inDim, int first, int width) {
    Floats xOn = from(memory.floats(x), first);
    Floats weightOn = from(memory.floats(weight), first);
    products.linearSlice(memory.floats(out), xOn, weightOn, rows, outDim, inDim, width);
  }

  private static Floats from(Floats place, int first) {
    return new Floats(place.array(), place.at() + first);
  }

  @Override
  public void linearInputGradient(
      Buffer dX, Buffer dOut, Buffer weight, int rows, int outDim, int inDim) {
    products.inputGradient(
        memory.floats(dX), memory.floats(dOut), memory.floats(weight), rows, outDim, inDim);
  }

  @Override
  public void linearWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int outDim, int inDim) {
    products.weightGradient(
        memory.floats(dWeight), memory.floats(dOut), memory.floats(x), rows, outDim, inDim);
  }
}
