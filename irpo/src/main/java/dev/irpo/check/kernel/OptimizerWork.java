package dev.irpo.check.kernel;

import dev.irpo.tensor.kernel.AdamWSettings;

/// [dev.irpo.tensor.kernel.OptimizerKernels], see [KernelCase].
final class OptimizerWork {
  static final KernelWork SQUARED_NORM =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments().result("out", 1).normal("x", weight(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> k.optimizer().squaredNorm(a.get("out"), a.get("x"), weight(s));
        }
      };

  static final KernelWork ADAM_W =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .updated("param", weight(s))
              .updated("firstMoment", weight(s))
              .updatedPositive("secondMoment", weight(s))
              .normal("gradient", weight(s))
              .numbers("squaredNorm", 4)
              .numbers("schedule", 1e-3, 0.1, 0.05);
        }

        @Override
        Call call(KernelSizes s) {
          AdamWSettings settings = new AdamWSettings(0.9, 0.95, 1e-8, 0.01, 1);
          return (k, a) ->
              k.optimizer()
                  .adamW(
                      a.get("param"),
                      a.get("firstMoment"),
                      a.get("secondMoment"),
                      a.get("gradient"),
                      a.get("squaredNorm"),
                      a.get("schedule"),
                      weight(s),
                      settings);
        }
      };

  private OptimizerWork() {}
}
