package dev.irpo.transformer.train;

import dev.irpo.tensor.Tensor;
import java.util.List;
import java.util.function.Function;

/// A number of a step, from tensors (S) with a value for each item. Computed in double precision.
public sealed interface Metric {
  /// The tensors it reads.
  List<Tensor> tensors();

  /// Its value.
  ///
  /// @param items the values of the step's items
  double of(Function<Tensor, float[]> items);

  /// The mean over items.
  record Mean(Tensor values) implements Metric {
    @Override
    public List<Tensor> tensors() {
      return List.of(values);
    }

    @Override
    public double of(Function<Tensor, float[]> items) {
      return mean(items.apply(values));
    }
  }

  /// The mean of one tensor less that of the other.
  record Difference(Tensor minuend, Tensor subtrahend) implements Metric {
    @Override
    public List<Tensor> tensors() {
      return List.of(minuend, subtrahend);
    }

    @Override
    public double of(Function<Tensor, float[]> items) {
      return mean(items.apply(minuend)) - mean(items.apply(subtrahend));
    }
  }

  /// The share of items in which one tensor is above the other.
  record ShareAbove(Tensor higher, Tensor lower) implements Metric {
    @Override
    public List<Tensor> tensors() {
      return List.of(higher, lower);
    }

    @Override
    public double of(Function<Tensor, float[]> items) {
      float[] high = items.apply(higher);
      float[] low = items.apply(lower);
      int above = 0;
      for (int i = 0; i < high.length; i++) {
        above += high[i] > low[i] ? 1 : 0;
      }
      return (double) above / high.length;
    }
  }

  private static double mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return sum / values.length;
  }
}
