package dev.irpo.tensor.tornado.task;

import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// See [dev.irpo.tensor.kernel.ElementwiseKernels].
public final class ElementwiseTasks {
  private ElementwiseTasks() {}

  /// `out = a + b`.
  public static void add(
      FloatArray out, int outAt, FloatArray a, int aAt, FloatArray b, int bAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, a.get(aAt + i) + b.get(bAt + i));
    }
  }

  /// `out = a − b`.
  public static void subtract(
      FloatArray out, int outAt, FloatArray a, int aAt, FloatArray b, int bAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, a.get(aAt + i) - b.get(bAt + i));
    }
  }

  /// `out = a · b`.
  public static void multiply(
      FloatArray out, int outAt, FloatArray a, int aAt, FloatArray b, int bAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, a.get(aAt + i) * b.get(bAt + i));
    }
  }

  /// `out = factor · a`.
  public static void scale(FloatArray out, int outAt, FloatArray a, int aAt, int n, float factor) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, factor * a.get(aAt + i));
    }
  }

  /// `out = scalar[0]` in every element.
  public static void fill(FloatArray out, int outAt, FloatArray scalar, int scalarAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, scalar.get(scalarAt));
    }
  }

  /// `out = 0` in every element.
  public static void zero(FloatArray out, int outAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      out.set(outAt + i, 0f);
    }
  }

  /// `target += x`.
  public static void accumulate(FloatArray target, int targetAt, FloatArray x, int xAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      target.set(targetAt + i, target.get(targetAt + i) + x.get(xAt + i));
    }
  }

  /// `out[0] = Σ x` in double precision, by one work item.
  public static void sum(FloatArray out, int outAt, FloatArray x, int xAt, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) {
      sum += x.get(xAt + i);
    }
    out.set(outAt, (float) sum);
  }

  /// `out = ln σ(x) = min(x, 0) − ln(1 + exp(−|x|))`, in double precision.
  public static void logSigmoid(FloatArray out, int outAt, FloatArray x, int xAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      double value = x.get(xAt + i);
      double magnitude = value;
      double negative = value;
      if (value < 0) {
        magnitude = -value;
      } else {
        negative = 0;
      }
      out.set(outAt + i, (float) (negative - TornadoMath.log(1 + TornadoMath.exp(-magnitude))));
    }
  }

  /// `dX = dOut · σ(−x)`, in double precision.
  public static void logSigmoidGradient(
      FloatArray dX, int dXAt, FloatArray dOut, int dOutAt, FloatArray x, int xAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      double value = x.get(xAt + i);
      dX.set(dXAt + i, (float) (dOut.get(dOutAt + i) / (1 + TornadoMath.exp(value))));
    }
  }

  /// `out = gate · σ(gate) · up`.
  public static void swiGlu(
      FloatArray out, int outAt, FloatArray gate, int gateAt, FloatArray up, int upAt, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      float g = gate.get(gateAt + i);
      out.set(outAt + i, g / (1 + TornadoMath.exp(-g)) * up.get(upAt + i));
    }
  }

  /// `dGate = dOut · up · σ(gate)·(1 + gate·(1 − σ(gate)))`, `dUp = dOut · gate · σ(gate)`.
  public static void swiGluGradient(
      FloatArray dGate,
      int dGateAt,
      FloatArray dUp,
      int dUpAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray gate,
      int gateAt,
      FloatArray up,
      int upAt,
      int n) {
    for (@Parallel int i = 0; i < n; i++) {
      float g = gate.get(gateAt + i);
      float d = dOut.get(dOutAt + i);
      float u = up.get(upAt + i);
      float s = 1 / (1 + TornadoMath.exp(-g));
      float complement = 1 / (1 + TornadoMath.exp(g));
      dGate.set(dGateAt + i, d * u * s * (1 + g * complement));
      dUp.set(dUpAt + i, d * g * s);
    }
  }
}
