package dev.irpo.tensor.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import jdk.incubator.vector.FloatVector;

/// The rate of fused multiply-adds that the threads reach when all operands stay in registers, the
/// measure of every product.
///
/// ```text
/// cᵢ ← cᵢ + x · y    for twelve independent vectors
/// ```
///
/// They hide the latency of two pipes, and with x and y they fit sixteen registers.
public final class FmaPeak {
  private static final int CHAINS = 12;
  private static final int STEPS = 1 << 20;
  private static final int WARM_UPS = 30;
  private static final int RUNS = 20;

  private FmaPeak() {}

  /// Single-precision operations a second of all threads together, two a multiply-add; takes about
  /// a second.
  ///
  /// @param threads that compute at the same time, each for itself
  public static double flopsPerSecond(int threads) throws InterruptedException {
    CountDownLatch warm = new CountDownLatch(threads);
    double[] rates = new double[threads];
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int thread = t;
      all.add(Thread.ofPlatform().start(() -> rates[thread] = rate(warm)));
    }
    double sum = 0;
    for (int t = 0; t < threads; t++) {
      all.get(t).join();
      sum += rates[t];
    }
    return sum;
  }

  /// The best of several runs of one thread, while the others run theirs.
  private static double rate(CountDownLatch warm) {
    for (int i = 0; i < WARM_UPS; i++) {
      requireFinite(run());
    }
    warm.countDown();
    try {
      warm.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted while measuring", e);
    }
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < RUNS; i++) {
      long start = System.nanoTime();
      requireFinite(run());
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    }
    return 2.0 * CHAINS * STEPS * Lanes.COUNT / best;
  }

  /// Uses the result, so that the loop is not left out.
  private static void requireFinite(float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalStateException("the sum of the chains is " + value);
    }
  }

  private static float run() {
    FloatVector x = FloatVector.broadcast(Lanes.FLOATS, 0.5f);
    FloatVector y = FloatVector.broadcast(Lanes.FLOATS, 1f);
    FloatVector c0 = y;
    FloatVector c1 = y;
    FloatVector c2 = y;
    FloatVector c3 = y;
    FloatVector c4 = y;
    FloatVector c5 = y;
    FloatVector c6 = y;
    FloatVector c7 = y;
    FloatVector d0 = x;
    FloatVector d1 = x;
    FloatVector d2 = x;
    FloatVector d3 = x;
    for (int i = 0; i < STEPS; i++) {
      c0 = x.fma(y, c0);
      c1 = x.fma(y, c1);
      c2 = x.fma(y, c2);
      c3 = x.fma(y, c3);
      c4 = x.fma(y, c4);
      c5 = x.fma(y, c5);
      c6 = x.fma(y, c6);
      c7 = x.fma(y, c7);
      d0 = x.fma(y, d0);
      d1 = x.fma(y, d1);
      d2 = x.fma(y, d2);
      d3 = x.fma(y, d3);
    }
    FloatVector c = c0.add(c1).add(c2).add(c3).add(c4).add(c5).add(c6).add(c7);
    FloatVector d = d0.add(d1).add(d2).add(d3);
    return c.add(d).lane(0);
  }
}
