package dev.irpo.check.kernel;

/// [dev.irpo.tensor.kernel.RowKernels], see [KernelCase].
final class RowWork {
  static final KernelWork GATHER_ROWS =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return tokens(s).result("out", hidden(s)).normal("x", table(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row().gatherRows(a.get("out"), a.get("x"), a.get("tokens"), s.rows(), s.embedDim());
        }

        // of the table the rows of the tokens alone
        @Override
        public double bytes(KernelSizes s) {
          return tokens(s).bytes() + 2.0 * Float.BYTES * hidden(s);
        }
      };

  static final KernelWork SCATTER_ADD_ROWS =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return tokens(s).updated("dX", table(s)).normal("dOut", hidden(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .scatterAddRows(
                      a.get("dX"), a.get("dOut"), a.get("tokens"), s.rows(), s.embedDim());
        }

        @Override
        public double bytes(KernelSizes s) {
          return tokens(s).bytes() + 3.0 * Float.BYTES * hidden(s);
        }
      };

  static final KernelWork RMS_NORM =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .result("out", hidden(s))
              .normal("x", hidden(s))
              .normal("weight", s.embedDim());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .rmsNorm(
                      a.get("out"), a.get("x"), a.get("weight"), s.rows(), s.embedDim(), RMS_EPS);
        }
      };

  static final KernelWork RMS_NORM_INPUT_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .result("dX", hidden(s))
              .normal("dOut", hidden(s))
              .normal("x", hidden(s))
              .normal("weight", s.embedDim());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .rmsNormInputGradient(
                      a.get("dX"),
                      a.get("dOut"),
                      a.get("x"),
                      a.get("weight"),
                      s.rows(),
                      s.embedDim(),
                      RMS_EPS);
        }
      };

  static final KernelWork RMS_NORM_WEIGHT_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .updated("dWeight", s.embedDim())
              .normal("dOut", hidden(s))
              .normal("x", hidden(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .rmsNormWeightGradient(
                      a.get("dWeight"), a.get("dOut"), a.get("x"), s.rows(), s.embedDim(), RMS_EPS);
        }
      };

  static final KernelWork ROPE =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .result("out", heads(s))
              .normal("x", heads(s))
              .normal("angles", (long) s.rows() * s.headDim())
              .ints("positions", s.rows(), () -> Fills.ascending(s.rows()));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .rope(
                      a.get("out"),
                      a.get("x"),
                      a.get("positions"),
                      a.get("angles"),
                      s.rows(),
                      s.numHeads(),
                      s.headDim(),
                      1);
        }
      };

  private RowWork() {}
}
