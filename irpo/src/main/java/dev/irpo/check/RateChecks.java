package dev.irpo.check;

import dev.irpo.check.CheckRow.Outcome;
import dev.irpo.check.CheckRow.Timed;
import dev.irpo.check.DeviceRates.Roof;
import dev.irpo.check.kernel.KernelCase;
import dev.irpo.check.kernel.KernelSizes;
import dev.irpo.check.kernel.KernelWork;
import dev.irpo.check.kernel.PreparedKernel;
import dev.irpo.tensor.Backend;

/// What the device can do, and how much of it each kernel, a decode step and a training step reach
/// in the sizes of a model. A share above 1 is that of arrays which stay in caches, as those of a
/// small model do on a CPU.
record RateChecks(CheckTarget target) implements PartCheck {
  /// Runs of a kernel that its time is enough for, so that slow devices get fewer rows.
  private static final int RUNS = 4;

  @Override
  public void run(CheckRows rows) {
    Roof roof = new DeviceRates(target).measure(rows);
    CheckLimits limits = target.limits();
    KernelSizes model = KernelSizes.of(target.model(), limits.timedRows(), limits.timedSlots());
    double flops = limits.referenceFlops();
    if (!Double.isNaN(roof.flopsPerSecond())) {
      flops = Math.max(flops, roof.flopsPerSecond() * limits.kernelTime().seconds() / RUNS);
    }
    for (KernelCase kernel : KernelCase.values()) {
      KernelSizes sizes = model.within(kernel.work(), flops, limits.bytes());
      rows.attempt(kernel.toString(), sizes.toString(), () -> timed(kernel.work(), sizes, roof));
    }
    new StepRates(target, roof).time(rows);
  }

  private Outcome timed(KernelWork work, KernelSizes sizes, Roof roof) {
    try (Backend backend = target.start()) {
      PreparedKernel kernel = new PreparedKernel(backend, work, sizes);
      kernel.prepare();
      MedianTime time = MedianTime.of(target.limits().kernelTime(), kernel::run);
      double flops = work.flops(sizes);
      double bytes = work.bytes(sizes);
      return new Timed(time.seconds(), flops, bytes, roof.share(time.seconds(), flops, bytes));
    }
  }
}
