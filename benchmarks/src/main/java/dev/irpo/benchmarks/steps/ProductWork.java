package dev.irpo.benchmarks.steps;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.cpu.CpuBackend;
import dev.irpo.tensor.kernel.MatrixKernels;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.LlamaConfig;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/// Matrix products of a linear layer in its three forms: the layer itself, the gradient of its
/// input, the gradient of its weight.
///
/// @param rows R
/// @param outDim N, rows of the weight
/// @param inDim K, columns of the weight
record ProductWork(int rows, int outDim, int inDim) {
  private static final int CHECKED = 50;

  /// Rounding of a sum of n terms below one half in size: at most n·u·n/4 with u = 2⁻²⁴, and for
  /// random signs far less; a term left out is a hundred times that.
  private static final double TOLERANCE = 1e-4;

  /// One of the three products.
  enum Form {
    /// out (R, N) = x · weightᵀ
    LINEAR {
      @Override
      void run(MatrixKernels kernels, ProductWork s, Buffer x, Buffer weight, Buffer out) {
        kernels.linear(out, x, weight, s.rows, s.outDim, s.inDim);
      }
    },
    /// dX (R, K) = dOut · weight
    INPUT_GRADIENT {
      @Override
      void run(MatrixKernels kernels, ProductWork s, Buffer x, Buffer weight, Buffer out) {
        kernels.linearInputGradient(x, out, weight, s.rows, s.outDim, s.inDim);
      }
    },
    /// dWeight (N, K) += dOutᵀ · x
    WEIGHT_GRADIENT {
      @Override
      void run(MatrixKernels kernels, ProductWork s, Buffer x, Buffer weight, Buffer out) {
        kernels.linearWeightGradient(weight, out, x, s.rows, s.outDim, s.inDim);
      }
    };

    abstract void run(MatrixKernels kernels, ProductWork s, Buffer x, Buffer weight, Buffer out);
  }

  /// The products of a training step's micro-batch.
  static Set<ProductWork> ofStep(ModelSize size) {
    LlamaConfig config = size.config();
    int rows = size.step().tokenBudget();
    Set<ProductWork> all = new LinkedHashSet<>();
    all.add(new ProductWork(rows, config.queryDim(), config.embedDim()));
    all.add(new ProductWork(rows, config.ffnDim(), config.embedDim()));
    all.add(new ProductWork(rows, config.embedDim(), config.ffnDim()));
    all.add(
        new ProductWork(
            CpuBackend.headRows(config.vocabSize()), config.vocabSize(), config.embedDim()));
    return all;
  }

  double flops() {
    return 2.0 * rows * outDim * inDim;
  }

  /// Checks and times one form.
  void time(StepRow.Setting s, Form form) {
    MatrixKernels kernels = s.backend().kernels().matrix();
    Buffer x = filled((long) rows * inDim, 1);
    Buffer weight = filled((long) outDim * inDim, 2);
    Buffer out = filled((long) rows * outDim, 3);
    verify(kernels, form, x, weight, out);
    Timing time = Timing.ofKernel(s.repeats(), () -> form.run(kernels, this, x, weight, out));
    String name = form.name().toLowerCase(Locale.ROOT).replace('_', ' ');
    s.report().product("%s %d×%d×%d".formatted(name, rows, outDim, inDim), flops(), time);
  }

  private static Buffer filled(long count, long key) {
    Buffer buffer = Buffer.allocate(DType.F32, count);
    for (long i = 0; i < count; i++) {
      buffer.set(i, CounterRandom.uniform(key, i) - 0.5);
    }
    return buffer;
  }

  /// Compares some entries with sums in double precision.
  ///
  /// @throws IllegalStateException naming an entry that differs
  void verify(MatrixKernels kernels, Form form, Buffer x, Buffer weight, Buffer out) {
    Buffer result =
        switch (form) {
          case LINEAR -> out;
          case INPUT_GRADIENT -> x;
          case WEIGHT_GRADIENT -> weight;
        };
    long[] at = new long[CHECKED];
    double[] expected = new double[CHECKED];
    for (int i = 0; i < CHECKED; i++) {
      at[i] = i == 0 ? 0 : (long) (CounterRandom.uniform(4, i) * result.numElements());
      at[i] = i == 1 ? result.numElements() - 1 : at[i];
      expected[i] = expected(form, at[i], x, weight, out);
    }
    form.run(kernels, this, x, weight, out);
    for (int i = 0; i < CHECKED; i++) {
      double actual = result.get(at[i]);
      if (!(Math.abs(actual - expected[i]) <= TOLERANCE * Math.max(1, Math.abs(expected[i])))) {
        throw new IllegalStateException(
            "%s %s: entry %d is %s, the sum is %s"
                .formatted(form, this, at[i], actual, expected[i]));
      }
    }
  }

  private double expected(Form form, long at, Buffer x, Buffer weight, Buffer out) {
    double sum = 0;
    switch (form) {
      case LINEAR -> {
        long r = at / outDim;
        long n = at % outDim;
        for (int k = 0; k < inDim; k++) {
          sum += x.get(r * inDim + k) * weight.get(n * inDim + k);
        }
      }
      case INPUT_GRADIENT -> {
        long r = at / inDim;
        long k = at % inDim;
        for (int n = 0; n < outDim; n++) {
          sum += out.get(r * outDim + n) * weight.get((long) n * inDim + k);
        }
      }
      case WEIGHT_GRADIENT -> {
        long n = at / inDim;
        long k = at % inDim;
        sum = weight.get(at);
        for (int r = 0; r < rows; r++) {
          sum += out.get((long) r * outDim + n) * x.get((long) r * inDim + k);
        }
      }
    }
    return sum;
  }
}
