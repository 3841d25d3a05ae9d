package dev.irpo.transformer.train;

/// The learning rate of each step, counted from 0.
///
/// All schedules begin with a linear warm-up over `warmupSteps` steps, the first of which has
/// `peak/warmupSteps`; 0 switches it off.
public sealed interface LearningRate {
  /// Rate of a step.
  double at(long step);

  /// `peak` after the warm-up.
  record Constant(double peak, int warmupSteps) implements LearningRate {
    @Override
    public double at(long step) {
      return peak * warmup(step, warmupSteps);
    }
  }

  /// Half a cosine from `peak` down to `floor` at `totalSteps` (Loshchilov & Hutter 2017,
  /// arXiv:1608.03983, Eq. 5).
  record Cosine(double peak, double floor, int warmupSteps, long totalSteps)
      implements LearningRate {
    @Override
    public double at(long step) {
      double cosine = StrictMath.cos(Math.PI * decay(step, warmupSteps, totalSteps));
      return warmup(step, warmupSteps) * (floor + (peak - floor) * (1 + cosine) / 2);
    }
  }

  /// A straight line from `peak` down to `floor` at `totalSteps`.
  record Linear(double peak, double floor, int warmupSteps, long totalSteps)
      implements LearningRate {
    @Override
    public double at(long step) {
      double left = 1 - decay(step, warmupSteps, totalSteps);
      return warmup(step, warmupSteps) * (floor + (peak - floor) * left);
    }
  }

  private static double warmup(long step, int warmupSteps) {
    return step < warmupSteps ? (step + 1.0) / warmupSteps : 1;
  }

  /// How much of the way after the warm-up is done, 0 to 1.
  private static double decay(long step, int warmupSteps, long totalSteps) {
    double length = Math.max(1, totalSteps - warmupSteps);
    return Math.clamp((double) (step - warmupSteps) / length, 0.0, 1.0);
  }
}
