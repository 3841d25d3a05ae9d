package dev.irpo.check;

import dev.irpo.tensor.Backend;
import dev.irpo.transformer.LlamaConfig;
import java.util.List;
import java.util.function.Supplier;

/// A check that takes seconds.
public final class SmallCheck {
  private static final LlamaConfig MODEL =
      new LlamaConfig(50, 16, 24, 2, 4, 2, 8, 64, 10_000, 1e-5, false, 1, List.of(2));
  private static final MedianTime.Limits TIME = new MedianTime.Limits(0.01, 0.01);
  private static final CheckLimits LIMITS =
      new CheckLimits(13, 3, 1e6, 16, 3e6, 48, 4, TIME, TIME, 1e6);

  private SmallCheck() {}

  /// Of a backend.
  public static CheckTarget of(Supplier<Backend> starter) {
    return new CheckTarget(starter, MODEL, false, LIMITS);
  }

  /// Of a backend that rounds the factors of its products.
  public static CheckTarget roundingFactors(Supplier<Backend> starter) {
    return new CheckTarget(starter, MODEL, true, LIMITS);
  }
}
