package dev.irpo.tensor.cpu;

/// The orders of accumulation that [Lanes] and [Tiles] promise, said again in plain scalar Java.
/// What agrees with it to the bit depends neither on the vector width nor on the compiler.
final class FixedOrder {
  private static final int PARTIALS = 16;

  private FixedOrder() {}

  /// One chain of fused multiply-adds over `n` elements that lie `aStep` and `bStep` apart.
  static float chain(float[] a, int aAt, int aStep, float[] b, int bAt, int bStep, int n) {
    float sum = 0;
    for (int i = 0; i < n; i++) {
      sum = Math.fma(a[aAt + i * aStep], b[bAt + i * bStep], sum);
    }
    return sum;
  }

  /// Adds 16 partial sums by halves.
  static float tree(float[] partials) {
    float[] sums = partials.clone();
    for (int half = PARTIALS / 2; half > 0; half /= 2) {
      for (int i = 0; i < half; i++) {
        sums[i] += sums[i + half];
      }
    }
    return sums[0];
  }

  static float dot(float[] a, int aAt, float[] b, int bAt, int n) {
    float[] partials = new float[PARTIALS];
    for (int i = 0; i < n; i++) {
      partials[i % PARTIALS] = Math.fma(a[aAt + i], b[bAt + i], partials[i % PARTIALS]);
    }
    return tree(partials);
  }

  static float sum(float[] x) {
    float[] partials = new float[PARTIALS];
    for (int i = 0; i < x.length; i++) {
      partials[i % PARTIALS] += x[i];
    }
    return tree(partials);
  }

  static float exp(float argument) {
    if (argument < -86f) {
      return 0;
    }
    float x = Math.min(argument, 88f);
    float shifted = Math.fma(x, 1.442695f, 12582912f);
    float n = shifted - 12582912f;
    float r = Math.fma(n, 2.1219444e-4f, Math.fma(n, -0.6933594f, x));
    float p = Math.fma(r, 1.9875691e-4f, 1.3981999e-3f);
    p = Math.fma(p, r, 8.333452e-3f);
    p = Math.fma(p, r, 4.1665796e-2f);
    p = Math.fma(p, r, 1.6666666e-1f);
    p = Math.fma(p, r, 0.5f);
    p = Math.fma(p, r * r, r) + 1;
    return p * Float.intBitsToFloat((Float.floatToRawIntBits(shifted) << 23) + 0x3f800000);
  }

  /// Replaces x by exp(x − max x); returns { the sum, max + ln(sum) }.
  static float[] exponentials(float[] x) {
    float max = Float.NEGATIVE_INFINITY;
    for (float value : x) {
      max = Math.max(max, value);
    }
    for (int i = 0; i < x.length; i++) {
      x[i] = exp(x[i] - max);
    }
    float sum = sum(x);
    return new float[] {sum, (float) (max + StrictMath.log(sum))};
  }
}
