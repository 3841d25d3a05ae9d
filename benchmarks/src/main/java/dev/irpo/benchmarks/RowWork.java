package dev.irpo.benchmarks;

/// [dev.irpo.tensor.kernel.RowKernels], see [KernelCase].
final class RowWork {
  static final KernelWork EMBEDDING =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return tokens(s).result("out", hidden(s)).normal("table", table(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .embedding(a.get("out"), a.get("table"), a.get("tokens"), s.rows(), s.embedDim());
        }
      };

  static final KernelWork EMBEDDING_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return tokens(s).result("dTable", table(s)).normal("dOut", hidden(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .embeddingGradient(
                      a.get("dTable"), a.get("dOut"), a.get("tokens"), s.rows(), s.embedDim());
        }
      };

  static final KernelWork SELECT_ROWS =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return index(s).result("out", hidden(s)).normal("x", hidden(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row().selectRows(a.get("out"), a.get("x"), a.get("index"), s.rows(), s.embedDim());
        }
      };

  static final KernelWork SELECT_ROWS_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return index(s).result("dX", hidden(s)).normal("dOut", hidden(s));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.row()
                  .selectRowsGradient(
                      a.get("dX"), a.get("dOut"), a.get("index"), s.rows(), s.rows(), s.embedDim());
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
              .result("dWeight", s.embedDim())
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
