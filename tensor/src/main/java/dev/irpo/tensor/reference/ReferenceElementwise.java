package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ElementwiseKernels;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/// [ElementwiseKernels] by its formulas.
final class ReferenceElementwise implements ElementwiseKernels {
  private static void map(Buffer out, Buffer x, long n, DoubleUnaryOperator formula) {
    for (long i = 0; i < n; i++) {
      out.set(i, formula.applyAsDouble(x.get(i)));
    }
  }

  private static void map(Buffer out, Buffer a, Buffer b, long n, DoubleBinaryOperator formula) {
    for (long i = 0; i < n; i++) {
      out.set(i, formula.applyAsDouble(a.get(i), b.get(i)));
    }
  }

  static double sigmoid(double x) {
    return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
  }

  @Override
  public void add(Buffer out, Buffer a, Buffer b, long n) {
    map(out, a, b, n, (x, y) -> x + y);
  }

  @Override
  public void subtract(Buffer out, Buffer a, Buffer b, long n) {
    map(out, a, b, n, (x, y) -> x - y);
  }

  @Override
  public void multiply(Buffer out, Buffer a, Buffer b, long n) {
    map(out, a, b, n, (x, y) -> x * y);
  }

  @Override
  public void scale(Buffer out, Buffer a, long n, double factor) {
    map(out, a, n, x -> factor * x);
  }

  @Override
  public void fill(Buffer out, Buffer scalar, long n) {
    double value = scalar.get(0);
    map(out, out, n, x -> value);
  }

  @Override
  public void zero(Buffer out, long n) {
    map(out, out, n, x -> 0);
  }

  @Override
  public void accumulate(Buffer target, Buffer x, long n) {
    add(target, target, x, n);
  }

  @Override
  public void sum(Buffer out, Buffer x, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += x.get(i);
    }
    out.set(0, sum);
  }

  @Override
  public void logSigmoid(Buffer out, Buffer x, long n) {
    map(out, x, n, v -> Math.min(v, 0) - Math.log1p(Math.exp(-Math.abs(v))));
  }

  @Override
  public void logSigmoidGradient(Buffer dX, Buffer dOut, Buffer x, long n) {
    map(dX, dOut, x, n, (gradient, v) -> gradient * sigmoid(-v));
  }

  @Override
  public void swiGlu(Buffer out, Buffer gate, Buffer up, long n) {
    map(out, gate, up, n, (g, u) -> g * sigmoid(g) * u);
  }

  @Override
  public void narrow(Buffer out, Buffer x, long n) {
    map(out, x, n, v -> v); // the buffer rounds
  }

  @Override
  public void widen(Buffer out, Buffer x, long n) {
    map(out, x, n, v -> v);
  }

  @Override
  public void swiGluGradient(
      Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n) {
    for (long i = 0; i < n; i++) {
      double gradient = dOut.get(i);
      double g = gate.get(i);
      double u = up.get(i);
      double sigma = sigmoid(g);
      dGate.set(i, gradient * u * sigma * (1 + g * (1 - sigma)));
      dUp.set(i, gradient * g * sigma);
    }
  }
}
