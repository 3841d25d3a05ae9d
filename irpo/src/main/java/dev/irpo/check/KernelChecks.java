package dev.irpo.check;

import dev.irpo.check.CheckRow.Compared;
import dev.irpo.check.CheckRow.Outcome;
import dev.irpo.check.kernel.KernelCase;
import dev.irpo.check.kernel.KernelSizes;
import dev.irpo.check.kernel.KernelWork;
import dev.irpo.check.kernel.Parity;
import dev.irpo.check.kernel.PreparedKernel;
import dev.irpo.check.kernel.RoundedProduct;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.reference.ReferenceBackend;

/// Every kernel against the reference.
///
/// At the model's widths, with as many rows as the reference computes in a second; products whose
/// widths leave few of them are compared with all rows once more, in narrow ones, because a backend
/// computes many rows otherwise than few.
record KernelChecks(CheckTarget target) implements PartCheck {
  @Override
  public void run(CheckRows rows) {
    CheckLimits limits = target.limits();
    KernelSizes model = KernelSizes.of(target.model(), limits.rows(), limits.slots());
    for (KernelCase kernel : KernelCase.values()) {
      KernelWork work = kernel.work();
      KernelSizes sizes = model.within(work, limits.referenceFlops(), limits.bytes());
      compare(rows, kernel, sizes);
      if (work.multipliesWeights() && sizes.rows() < limits.rows()) {
        compare(rows, kernel, model.noWiderThan(limits.narrowWidth()));
      }
    }
    if (target.traits().roundsWeights()) {
      KernelSizes sizes =
          model.within(KernelCase.LINEAR.work(), limits.referenceFlops(), limits.bytes());
      rows.attempt(RoundedProduct.NAME, sizes.toString(), () -> rounded(sizes));
    }
  }

  private void compare(CheckRows rows, KernelCase kernel, KernelSizes sizes) {
    rows.attempt(kernel.toString(), sizes.toString(), () -> compared(kernel.work(), sizes));
  }

  private Outcome compared(KernelWork work, KernelSizes sizes) {
    double tolerance =
        target.roundsFactors() && work.multipliesWeights()
            ? KernelWork.TF32_TOLERANCE
            : KernelWork.TOLERANCE;
    try (Backend backend = target.start();
        Backend reference = ReferenceBackend.inSinglePrecision()) {
      PreparedKernel found = computed(backend, work, sizes);
      PreparedKernel expected = computed(reference, work, sizes);
      return outcome(found.difference(expected, tolerance));
    }
  }

  private static PreparedKernel computed(Backend backend, KernelWork work, KernelSizes sizes) {
    PreparedKernel kernel = new PreparedKernel(backend, work, sizes);
    kernel.prepare();
    kernel.run();
    return kernel;
  }

  private Outcome rounded(KernelSizes sizes) {
    try (Backend backend = target.start()) {
      return outcome(RoundedProduct.difference(backend, sizes, KernelWork.TOLERANCE));
    }
  }

  private static Outcome outcome(Parity.Difference difference) {
    return new Compared(difference.size(), difference.bound(), difference.toString());
  }
}
