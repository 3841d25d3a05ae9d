package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;

/// Operations on corresponding elements of n-element tensors.
///
/// On the host the output may be one of the inputs; on a device no argument may be another.
public interface ElementwiseKernels {
  /// `out = a + b`.
  void add(Buffer out, Buffer a, Buffer b, long n);

  /// `out = a − b`.
  void subtract(Buffer out, Buffer a, Buffer b, long n);

  /// `out = a · b`.
  void multiply(Buffer out, Buffer a, Buffer b, long n);

  /// `out = factor · a`.
  void scale(Buffer out, Buffer a, long n, double factor);

  /// `out = scalar[0]` in every element.
  void fill(Buffer out, Buffer scalar, long n);

  /// `out = 0` in every element.
  void zero(Buffer out, long n);

  /// `target += x`.
  void accumulate(Buffer target, Buffer x, long n);

  /// `out[0] = Σ x`, accumulated in double precision in ascending order.
  void sum(Buffer out, Buffer x, long n);

  /// `out = ln σ(x)`, without overflow for either sign.
  void logSigmoid(Buffer out, Buffer x, long n);

  /// `dX = dOut · σ(−x)`.
  void logSigmoidGradient(Buffer dX, Buffer dOut, Buffer x, long n);

  /// The gated unit of Llama's feed-forward layer (Shazeer 2020, arXiv:2002.05202, Eq. 6).
  ///
  /// ```text
  /// out = gate · σ(gate) · up
  /// ```
  void swiGlu(Buffer out, Buffer gate, Buffer up, long n);

  /// Rounds to 16 bits: to the nearest number, of two equally near ones the even one; too large
  /// becomes infinite, a NaN stays a NaN.
  ///
  /// ```text
  /// out = round(x)
  /// out bf16, written    x single precision, read
  /// ```
  void narrow(Buffer out, Buffer x, long n);

  /// The same numbers in single precision.
  ///
  /// ```text
  /// out = x
  /// out single precision, written    x bf16 or f16, read
  /// ```
  void widen(Buffer out, Buffer x, long n);

  /// Gradient of [#swiGlu].
  ///
  /// ```text
  /// dGate = dOut · up · σ(gate)·(1 + gate·(1 − σ(gate)))      dUp = dOut · gate · σ(gate)
  /// ```
  void swiGluGradient(Buffer dGate, Buffer dUp, Buffer dOut, Buffer gate, Buffer up, long n);
}
