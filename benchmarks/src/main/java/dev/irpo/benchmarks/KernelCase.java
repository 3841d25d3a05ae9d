package dev.irpo.benchmarks;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.util.List;

/// The kernels that are timed, at the place that costs most in a training step.
public enum KernelCase {
  /// The feed-forward layer's first product.
  LINEAR {
    @Override
    TimedKernel prepare(KernelSizes s) {
      int rows = s.rows();
      Buffer out = Fills.zeros((long) rows * s.ffnDim());
      Buffer x = Fills.normal((long) rows * s.embedDim(), 1);
      Buffer weight = Fills.normal((long) s.ffnDim() * s.embedDim(), 2);
      return TimedKernel.of(
          k -> k.matrix().linear(out, x, weight, rows, s.ffnDim(), s.embedDim()),
          out,
          productFlops(s));
    }
  },
  /// Its gradient with respect to the input.
  LINEAR_INPUT_GRADIENT {
    @Override
    TimedKernel prepare(KernelSizes s) {
      int rows = s.rows();
      Buffer dX = Fills.zeros((long) rows * s.embedDim());
      Buffer dOut = Fills.normal((long) rows * s.ffnDim(), 1);
      Buffer weight = Fills.normal((long) s.ffnDim() * s.embedDim(), 2);
      return TimedKernel.of(
          k -> k.matrix().linearInputGradient(dX, dOut, weight, rows, s.ffnDim(), s.embedDim()),
          dX,
          productFlops(s));
    }
  },
  /// Its gradient with respect to the weight.
  LINEAR_WEIGHT_GRADIENT {
    @Override
    TimedKernel prepare(KernelSizes s) {
      int rows = s.rows();
      Buffer dWeight = Fills.zeros((long) s.ffnDim() * s.embedDim());
      Buffer dOut = Fills.normal((long) rows * s.ffnDim(), 1);
      Buffer x = Fills.normal((long) rows * s.embedDim(), 2);
      return TimedKernel.of(
          k -> k.matrix().linearWeightGradient(dWeight, dOut, x, rows, s.ffnDim(), s.embedDim()),
          dWeight,
          productFlops(s));
    }
  },
  /// Attention of preference pairs that share their prompts.
  PACKED_ATTENTION {
    @Override
    TimedKernel prepare(KernelSizes s) {
      Attention a = new Attention(s);
      return new TimedKernel(
          k -> {}, a::forward, List.of(a.out, a.logSumExp), 4 * Attention.flopsOfOne(s));
    }
  },
  /// Its gradient.
  PACKED_ATTENTION_GRADIENT {
    @Override
    TimedKernel prepare(KernelSizes s) {
      Attention a = new Attention(s);
      return new TimedKernel(
          a::forward, a::gradient, List.of(a.dQ, a.dK, a.dV), 10 * Attention.flopsOfOne(s));
    }
  },
  /// Head, log-softmax and gather for every row.
  TOKEN_LOG_PROBS {
    @Override
    TimedKernel prepare(KernelSizes s) {
      Score score = new Score(s);
      return new TimedKernel(
          k -> {},
          score::forward,
          List.of(score.out, score.logSumExp),
          2.0 * s.rows() * s.vocabSize() * s.embedDim());
    }
  },
  /// Its gradient.
  TOKEN_LOG_PROBS_GRADIENT {
    @Override
    TimedKernel prepare(KernelSizes s) {
      Score score = new Score(s);
      return new TimedKernel(
          score::forward,
          score::gradient,
          List.of(score.dX, score.dWeight),
          6.0 * s.rows() * s.vocabSize() * s.embedDim());
    }
  },
  /// Normalisation of every row.
  RMS_NORM {
    @Override
    TimedKernel prepare(KernelSizes s) {
      long n = (long) s.rows() * s.embedDim();
      Buffer out = Fills.zeros(n);
      Buffer x = Fills.normal(n, 1);
      Buffer weight = Fills.normal(s.embedDim(), 2);
      return TimedKernel.of(
          k -> k.row().rmsNorm(out, x, weight, s.rows(), s.embedDim(), 1e-5), out, 0);
    }
  },
  /// The gated unit between the feed-forward layer's products.
  SWI_GLU {
    @Override
    TimedKernel prepare(KernelSizes s) {
      long n = (long) s.rows() * s.ffnDim();
      Buffer out = Fills.zeros(n);
      Buffer gate = Fills.normal(n, 1);
      Buffer up = Fills.normal(n, 2);
      return TimedKernel.of(k -> k.elementwise().swiGlu(out, gate, up, n), out, 0);
    }
  };

  /// The kernel with new arguments, the same ones each time.
  abstract TimedKernel prepare(KernelSizes sizes);

  private static double productFlops(KernelSizes s) {
    return 2.0 * s.rows() * s.ffnDim() * s.embedDim();
  }

  private static final class Attention {
    private final AttentionSizes sizes;
    private final Buffer segments;
    private final Buffer q;
    private final Buffer k;
    private final Buffer v;
    private final Buffer dOut;
    private final Buffer out;
    private final Buffer logSumExp;
    private final Buffer dQ;
    private final Buffer dK;
    private final Buffer dV;

    Attention(KernelSizes s) {
      long n = (long) s.rows() * s.numHeads() * s.headDim();
      segments = Fills.pairSegments(s.rows());
      int numSegments = (int) segments.numElements() / AttentionKernels.SEGMENT_COLUMNS;
      sizes = new AttentionSizes(s.rows(), numSegments, s.numHeads(), s.numHeads(), s.headDim());
      q = Fills.normal(n, 1);
      k = Fills.normal(n, 2);
      v = Fills.normal(n, 3);
      dOut = Fills.normal(n, 4);
      out = Fills.zeros(n);
      logSumExp = Fills.zeros((long) s.rows() * s.numHeads());
      dQ = Fills.zeros(n);
      dK = Fills.zeros(n);
      dV = Fills.zeros(n);
    }

    void forward(Kernels kernels) {
      kernels.attention().packedAttention(out, logSumExp, q, k, v, segments, sizes);
    }

    void gradient(Kernels kernels) {
      kernels
          .attention()
          .packedAttentionGradient(dQ, dK, dV, dOut, out, logSumExp, q, k, v, segments, sizes);
    }

    /// Query rows by the keys that they see by columns, over all heads.
    static double flopsOfOne(KernelSizes s) {
      return (double) Fills.pairsOfRows(s.rows()) * s.numHeads() * s.headDim();
    }
  }

  private static final class Score {
    private final ScoreSizes sizes;
    private final Buffer x;
    private final Buffer weight;
    private final Buffer rows;
    private final Buffer targets;
    private final Buffer dOut;
    private final Buffer out;
    private final Buffer logSumExp;
    private final Buffer dX;
    private final Buffer dWeight;

    Score(KernelSizes s) {
      sizes = new ScoreSizes(s.rows(), s.rows(), s.embedDim(), s.vocabSize());
      x = Fills.normal((long) s.rows() * s.embedDim(), 1);
      weight = Fills.normal((long) s.vocabSize() * s.embedDim(), 2);
      rows = Fills.ascending(s.rows());
      targets = Fills.tokens(s.rows(), s.vocabSize(), 3);
      dOut = Fills.normal(s.rows(), 4);
      out = Fills.zeros(s.rows());
      logSumExp = Fills.zeros(s.rows());
      dX = Fills.zeros((long) s.rows() * s.embedDim());
      dWeight = Fills.zeros((long) s.vocabSize() * s.embedDim());
    }

    void forward(Kernels kernels) {
      kernels.score().tokenLogProbs(out, logSumExp, x, weight, rows, targets, sizes);
    }

    void gradient(Kernels kernels) {
      kernels
          .score()
          .tokenLogProbsGradient(dX, dWeight, dOut, logSumExp, x, weight, rows, targets, sizes);
    }
  }
}
