package dev.irpo.tensor.reference;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.OptimizerKernels;

/// [OptimizerKernels] by its formulas.
final class ReferenceOptimizer implements OptimizerKernels {
  @Override
  public void squaredNorm(Buffer out, Buffer x, long n) {
    double sum = 0;
    for (long i = 0; i < n; i++) {
      sum += x.get(i) * x.get(i);
    }
    out.set(0, sum);
  }

  @Override
  public void adamW(
      Buffer param,
      Buffer firstMoment,
      Buffer secondMoment,
      Buffer gradient,
      Buffer squaredNorm,
      Buffer schedule,
      long n,
      AdamWSettings settings) {
    double norm = Math.sqrt(squaredNorm.get(0));
    double clip = settings.clipNorm() > 0 ? Math.min(1, settings.clipNorm() / (norm + 1e-6)) : 1;
    double rate = schedule.get(0);
    for (long i = 0; i < n; i++) {
      double g = gradient.get(i) * clip;
      double m = settings.beta1() * firstMoment.get(i) + (1 - settings.beta1()) * g;
      double s = settings.beta2() * secondMoment.get(i) + (1 - settings.beta2()) * g * g;
      double step = (m / schedule.get(1)) / (Math.sqrt(s / schedule.get(2)) + settings.epsilon());
      double decayed = param.get(i) * (1 - rate * settings.weightDecay());
      firstMoment.set(i, m);
      secondMoment.set(i, s);
      param.set(i, decayed - rate * step);
    }
  }
}
