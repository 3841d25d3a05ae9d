package dev.irpo.check.kernel;

/// [dev.irpo.tensor.kernel.MatrixKernels], see [KernelCase].
final class MatrixWork {
  static final KernelWork LINEAR =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return product(s, "x", s.embedDim()).result("out", s.rows() * (long) s.ffnDim());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.matrix()
                  .linear(
                      a.get("out"),
                      a.get("x"),
                      a.get("weight"),
                      s.rows(),
                      s.ffnDim(),
                      s.embedDim());
        }

        @Override
        public double flops(KernelSizes s) {
          return productFlops(s);
        }

        @Override
        public boolean multipliesWeights() {
          return true;
        }
      };

  static final KernelWork LINEAR_INPUT_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return product(s, "dOut", s.ffnDim()).result("dX", s.rows() * (long) s.embedDim());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.matrix()
                  .linearInputGradient(
                      a.get("dX"),
                      a.get("dOut"),
                      a.get("weight"),
                      s.rows(),
                      s.ffnDim(),
                      s.embedDim());
        }

        @Override
        public double flops(KernelSizes s) {
          return productFlops(s);
        }

        @Override
        public boolean multipliesWeights() {
          return true;
        }
      };

  static final KernelWork LINEAR_WEIGHT_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .updated("dWeight", (long) s.ffnDim() * s.embedDim())
              .normal("dOut", (long) s.rows() * s.ffnDim())
              .normal("x", (long) s.rows() * s.embedDim());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.matrix()
                  .linearWeightGradient(
                      a.get("dWeight"),
                      a.get("dOut"),
                      a.get("x"),
                      s.rows(),
                      s.ffnDim(),
                      s.embedDim());
        }

        @Override
        public double flops(KernelSizes s) {
          return productFlops(s);
        }

        @Override
        public boolean multipliesWeights() {
          return true;
        }
      };

  private MatrixWork() {}
}
