package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import dev.irpo.tensor.tornado.task.MatrixTasks;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// A work item an element; what a CPU's caches and vectors are best at.
record PlainProducts(TaskList tasks, DeviceMemory memory) implements MatrixProducts {
  @Override
  public void linear(Floats out, Numbers x, Numbers weight, int rows, int outDim, int inDim) {
    switch (new Factors(x, weight)) {
      case Factors(Floats a, Floats b) -> linear(out, a, b, rows, outDim, inDim);
      case Factors(Floats a, Pairs b) -> linearOfRounded(out, a, b, rows, outDim, inDim);
      case Factors(Pairs a, Floats b) -> linearOfHalfRows(out, a, b, rows, outDim, inDim);
      case Factors(Pairs a, Pairs b) -> linearOfHalf(out, a, b, rows, outDim, inDim);
    }
  }

  private void linear(Floats out, Floats x, Floats weight, int rows, int outDim, int inDim) {
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

  private void linearOfRounded(
      Floats out, Floats x, Pairs weight, int rows, int outDim, int inDim) {
    FloatArray powers = powers();
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

  private void linearOfHalfRows(
      Floats out, Pairs x, Floats weight, int rows, int outDim, int inDim) {
    FloatArray powers = powers();
    tasks.add(
        "linearOfHalfRows",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearOfHalfRows,
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

  private void linearOfHalf(Floats out, Pairs x, Pairs weight, int rows, int outDim, int inDim) {
    FloatArray powers = powers();
    tasks.add(
        "linearOfHalf",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearOfHalf,
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
  public void inputGradient(
      Floats dX, Floats dOut, Numbers weight, int rows, int outDim, int inDim) {
    switch (weight) {
      case Floats single -> inputGradient(dX, dOut, single, rows, outDim, inDim);
      case Pairs half -> inputGradient(dX, dOut, half, rows, outDim, inDim);
    }
  }

  private void inputGradient(
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

  private void inputGradient(
      Floats dX, Floats dOut, Pairs weight, int rows, int outDim, int inDim) {
    FloatArray powers = powers();
    tasks.add(
        "linearInputGradientOfRounded",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearInputGradientOfRounded,
                dX.array(),
                dX.at(),
                dOut.array(),
                dOut.at(),
                weight.array(),
                weight.at(),
                powers,
                rows,
                outDim,
                inDim));
  }

  @Override
  public void weightGradient(
      Floats dWeight, Floats dOut, Numbers x, int rows, int outDim, int inDim) {
    switch (x) {
      case Floats single -> weightGradient(dWeight, dOut, single, rows, outDim, inDim);
      case Pairs half -> weightGradient(dWeight, dOut, half, rows, outDim, inDim);
    }
  }

  private void weightGradient(
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

  private void weightGradient(
      Floats dWeight, Floats dOut, Pairs x, int rows, int outDim, int inDim) {
    FloatArray powers = powers();
    tasks.add(
        "linearWeightGradientOfHalfRows",
        (graph, id) ->
            graph.task(
                id,
                MatrixTasks::linearWeightGradientOfHalfRows,
                dWeight.array(),
                dWeight.at(),
                dOut.array(),
                dOut.at(),
                x.array(),
                x.at(),
                powers,
                rows,
                outDim,
                inDim));
  }

  private FloatArray powers() {
    return memory.constants(RoundingTasks.powers());
  }
}
