package dev.irpo.benchmarks;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.kernel.Kernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// All kernels, each at the place that costs most in a training step or, for the cache, in a decode
/// step.
public enum KernelCase {
  /// The feed-forward layer's first product.
  LINEAR {
    @Override
    Arguments arguments(KernelSizes s) {
      return product(s, "x", s.embedDim()).result("out", s.rows() * (long) s.ffnDim());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.matrix()
              .linear(
                  a.get("out"), a.get("x"), a.get("weight"), s.rows(), s.ffnDim(), s.embedDim());
    }

    @Override
    double flops(KernelSizes s) {
      return productFlops(s);
    }
  },
  /// Its gradient with respect to the input.
  LINEAR_INPUT_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      return product(s, "dOut", s.ffnDim()).result("dX", s.rows() * (long) s.embedDim());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.matrix()
              .linearInputGradient(
                  a.get("dX"), a.get("dOut"), a.get("weight"), s.rows(), s.ffnDim(), s.embedDim());
    }

    @Override
    double flops(KernelSizes s) {
      return productFlops(s);
    }
  },
  /// Its gradient with respect to the weight.
  LINEAR_WEIGHT_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments()
          .result("dWeight", (long) s.ffnDim() * s.embedDim())
          .normal("dOut", (long) s.rows() * s.ffnDim())
          .normal("x", (long) s.rows() * s.embedDim());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.matrix()
              .linearWeightGradient(
                  a.get("dWeight"), a.get("dOut"), a.get("x"), s.rows(), s.ffnDim(), s.embedDim());
    }

    @Override
    double flops(KernelSizes s) {
      return productFlops(s);
    }
  },
  /// Rows of the embedding table.
  EMBEDDING {
    @Override
    Arguments arguments(KernelSizes s) {
      return tokens(s).result("out", hidden(s)).normal("table", table(s));
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.row().embedding(a.get("out"), a.get("table"), a.get("tokens"), s.rows(), s.embedDim());
    }
  },
  /// Its gradient.
  EMBEDDING_GRADIENT {
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
  },
  /// Picking every row.
  SELECT_ROWS {
    @Override
    Arguments arguments(KernelSizes s) {
      return index(s).result("out", hidden(s)).normal("x", hidden(s));
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.row().selectRows(a.get("out"), a.get("x"), a.get("index"), s.rows(), s.embedDim());
    }
  },
  /// Its gradient.
  SELECT_ROWS_GRADIENT {
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
  },
  /// Normalisation of every row.
  RMS_NORM {
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
              .rmsNorm(a.get("out"), a.get("x"), a.get("weight"), s.rows(), s.embedDim(), RMS_EPS);
    }
  },
  /// Its gradient with respect to the rows.
  RMS_NORM_INPUT_GRADIENT {
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
  },
  /// Its gradient with respect to the weight.
  RMS_NORM_WEIGHT_GRADIENT {
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
  },
  /// Rotary embedding of all heads.
  ROPE {
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
  },
  /// Attention of preference pairs that share their prompts.
  PACKED_ATTENTION {
    @Override
    Arguments arguments(KernelSizes s) {
      return packed(s);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> attend(s, k, a);
    }

    @Override
    double flops(KernelSizes s) {
      return 4.0 * Fills.pairsOfRows(s.rows()) * s.numHeads() * s.headDim();
    }
  },
  /// Its gradient.
  PACKED_ATTENTION_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      return packed(s)
          .normal("dOut", heads(s))
          .result("dQ", heads(s))
          .result("dK", heads(s))
          .result("dV", heads(s));
    }

    @Override
    Optional<Call> preparation(KernelSizes s) {
      return Optional.of((k, a) -> attend(s, k, a));
    }

    @Override
    Call call(KernelSizes s) {
      AttentionSizes sizes = packedSizes(s);
      return (k, a) ->
          k.attention()
              .packedAttentionGradient(
                  a.get("dQ"),
                  a.get("dK"),
                  a.get("dV"),
                  a.get("dOut"),
                  a.get("out"),
                  a.get("logSumExp"),
                  a.get("q"),
                  a.get("k"),
                  a.get("v"),
                  a.get("segments"),
                  sizes);
    }

    @Override
    double flops(KernelSizes s) {
      return 10.0 * Fills.pairsOfRows(s.rows()) * s.numHeads() * s.headDim();
    }
  },
  /// A token of each of 64 responses that have 128 tokens already.
  CACHED_ATTENTION {
    @Override
    Arguments arguments(KernelSizes s) {
      int before = s.slots() * KernelSizes.CONTEXT;
      long row = (long) s.numHeads() * s.headDim();
      long cache =
          (long) s.slots() * BLOCKS * AttentionKernels.CACHE_BLOCK * s.numHeads() * padded(s);
      int columns = AttentionKernels.CACHE_COLUMNS;
      return new Arguments()
          .result("out", s.slots() * row)
          .result(KEY_CACHE, cache)
          .result(VALUE_CACHE, cache)
          .normal("q", s.slots() * row)
          .normal("k", s.slots() * row)
          .normal("v", s.slots() * row)
          .ints("table", (long) s.slots() * columns, () -> Fills.lastPlaces(s.slots(), BLOCKS))
          .result("outBefore", before * row)
          .normal("rowsBefore", before * row)
          .normal("valuesBefore", before * row)
          .ints(
              "tableBefore", (long) before * columns, () -> Fills.placesBefore(s.slots(), BLOCKS));
    }

    @Override
    Optional<Call> preparation(KernelSizes s) {
      AttentionSizes sizes = sizes(s, s.slots() * KernelSizes.CONTEXT);
      return Optional.of((k, a) ->
          k.attention()
              .cachedAttention(
                  a.get("outBefore"),
                  a.get(KEY_CACHE),
                  a.get(VALUE_CACHE),
                  a.get("rowsBefore"),
                  a.get("rowsBefore"),
                  a.get("valuesBefore"),
                  a.get("tableBefore"),
                  sizes));
    }

    @Override
    Call call(KernelSizes s) {
      AttentionSizes sizes = sizes(s, s.slots());
      return (k, a) ->
          k.attention()
              .cachedAttention(
                  a.get("out"),
                  a.get(KEY_CACHE),
                  a.get(VALUE_CACHE),
                  a.get("q"),
                  a.get("k"),
                  a.get("v"),
                  a.get("table"),
                  sizes);
    }

    @Override
    double flops(KernelSizes s) {
      return 4.0 * s.slots() * (KernelSizes.CONTEXT + 1) * s.numHeads() * s.headDim();
    }

    // keys and values that are met, beside the new rows
    @Override
    double bytes(KernelSizes s) {
      double row = 4.0 * s.numHeads() * s.headDim();
      return s.slots() * row * (2 * (KernelSizes.CONTEXT + 1) + 4);
    }

    // the order of elements in a cache is the backend's own
    @Override
    void verify(String what, Map<String, Buffer> expected, Map<String, Buffer> actual) {
      super.verify(what, without(expected), without(actual));
    }

    private static Map<String, Buffer> without(Map<String, Buffer> results) {
      Map<String, Buffer> some = new LinkedHashMap<>(results);
      some.remove(KEY_CACHE);
      some.remove(VALUE_CACHE);
      return some;
    }
  },
  /// The residual sum.
  ADD {
    @Override
    Arguments arguments(KernelSizes s) {
      return elements(s).normal("b", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().add(a.get("out"), a.get("a"), a.get("b"), s.elements());
    }
  },
  /// A difference.
  SUBTRACT {
    @Override
    Arguments arguments(KernelSizes s) {
      return elements(s).normal("b", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().subtract(a.get("out"), a.get("a"), a.get("b"), s.elements());
    }
  },
  /// A product of elements.
  MULTIPLY {
    @Override
    Arguments arguments(KernelSizes s) {
      return elements(s).normal("b", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().multiply(a.get("out"), a.get("a"), a.get("b"), s.elements());
    }
  },
  /// A multiple.
  SCALE {
    @Override
    Arguments arguments(KernelSizes s) {
      return elements(s);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().scale(a.get("out"), a.get("a"), s.elements(), 0.3);
    }
  },
  /// One number everywhere.
  FILL {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments().result("out", s.elements()).normal("scalar", 1);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().fill(a.get("out"), a.get("scalar"), s.elements());
    }
  },
  /// Zero everywhere.
  ZERO {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments().result("out", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().zero(a.get("out"), s.elements());
    }

    @Override
    void verify(String what, Map<String, Buffer> expected, Map<String, Buffer> actual) {
      Parity.requireZero(what, actual.get("out"));
    }
  },
  /// A sum kept.
  ACCUMULATE {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments().result("target", s.elements()).normal("x", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().accumulate(a.get("target"), a.get("x"), s.elements());
    }
  },
  /// The sum of all elements.
  SUM {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments().result("out", 1).normal("x", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().sum(a.get("out"), a.get("x"), s.elements());
    }
  },
  /// The loss of a margin.
  LOG_SIGMOID {
    @Override
    Arguments arguments(KernelSizes s) {
      return elements(s);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.elementwise().logSigmoid(a.get("out"), a.get("a"), s.elements());
    }
  },
  /// Its gradient.
  LOG_SIGMOID_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      return elements(s).normal("dOut", s.elements());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.elementwise().logSigmoidGradient(a.get("out"), a.get("dOut"), a.get("a"), s.elements());
    }
  },
  /// The gated unit between the feed-forward layer's products.
  SWI_GLU {
    @Override
    Arguments arguments(KernelSizes s) {
      long n = (long) s.rows() * s.ffnDim();
      return new Arguments().result("out", n).normal("gate", n).normal("up", n);
    }

    @Override
    Call call(KernelSizes s) {
      long n = (long) s.rows() * s.ffnDim();
      return (k, a) -> k.elementwise().swiGlu(a.get("out"), a.get("gate"), a.get("up"), n);
    }
  },
  /// Its gradient.
  SWI_GLU_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      long n = (long) s.rows() * s.ffnDim();
      return new Arguments()
          .result("dGate", n)
          .result("dUp", n)
          .normal("dOut", n)
          .normal("gate", n)
          .normal("up", n);
    }

    @Override
    Call call(KernelSizes s) {
      long n = (long) s.rows() * s.ffnDim();
      return (k, a) ->
          k.elementwise()
              .swiGluGradient(
                  a.get("dGate"), a.get("dUp"), a.get("dOut"), a.get("gate"), a.get("up"), n);
    }
  },
  /// Head, log-softmax and gather for every row.
  TOKEN_LOG_PROBS {
    @Override
    Arguments arguments(KernelSizes s) {
      return scored(s);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> score(s, k, a);
    }

    @Override
    double flops(KernelSizes s) {
      return 2.0 * s.rows() * s.vocabSize() * s.embedDim();
    }
  },
  /// Its gradient.
  TOKEN_LOG_PROBS_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      return scored(s).result("dX", hidden(s)).result("dWeight", table(s)).normal("dOut", s.rows());
    }

    @Override
    Optional<Call> preparation(KernelSizes s) {
      return Optional.of((k, a) -> score(s, k, a));
    }

    @Override
    Call call(KernelSizes s) {
      ScoreSizes sizes = scoreSizes(s);
      return (k, a) ->
          k.score()
              .tokenLogProbsGradient(
                  a.get("dX"),
                  a.get("dWeight"),
                  a.get("dOut"),
                  a.get("logSumExp"),
                  a.get("x"),
                  a.get("weight"),
                  a.get("index"),
                  a.get("targets"),
                  sizes);
    }

    @Override
    double flops(KernelSizes s) {
      return 6.0 * s.rows() * s.vocabSize() * s.embedDim();
    }
  },
  /// Normalisers of sampled rows.
  LOG_SUM_EXP {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments()
          .result("out", s.slots())
          .normal("logits", (long) s.slots() * s.vocabSize());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.score().logSumExp(a.get("out"), a.get("logits"), s.slots(), s.vocabSize());
    }
  },
  /// Log-probabilities of responses from those of their tokens.
  SEGMENT_SUM {
    @Override
    Arguments arguments(KernelSizes s) {
      return segments(s).result("out", SEGMENTS).normal("x", s.rows());
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.score().segmentSum(a.get("out"), a.get("x"), a.get("ids"), s.rows(), SEGMENTS);
    }
  },
  /// Its gradient.
  SEGMENT_SUM_GRADIENT {
    @Override
    Arguments arguments(KernelSizes s) {
      return segments(s).result("dX", s.rows()).normal("dOut", SEGMENTS);
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) ->
          k.score().segmentSumGradient(a.get("dX"), a.get("dOut"), a.get("ids"), s.rows());
    }
  },
  /// The gradient's norm, of one product's weight.
  SQUARED_NORM {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments().result("out", 1).normal("x", weight(s));
    }

    @Override
    Call call(KernelSizes s) {
      return (k, a) -> k.optimizer().squaredNorm(a.get("out"), a.get("x"), weight(s));
    }
  },
  /// The update of one product's weight.
  ADAM_W {
    @Override
    Arguments arguments(KernelSizes s) {
      return new Arguments()
          .result("param", weight(s))
          .result("mean", weight(s))
          .positiveResult("square", weight(s))
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
                  a.get("mean"),
                  a.get("square"),
                  a.get("gradient"),
                  a.get("squaredNorm"),
                  a.get("schedule"),
                  weight(s),
                  settings);
    }
  };

  private static final double RMS_EPS = 1e-5;
  private static final int SEGMENTS = 16;
  private static final int BLOCKS = KernelSizes.CONTEXT / AttentionKernels.CACHE_BLOCK + 1;
  private static final String KEY_CACHE = "keyCache";
  private static final String VALUE_CACHE = "valueCache";

  /// A call with arguments by name.
  @FunctionalInterface
  interface Call {
    /// Calls one kernel.
    void run(Kernels kernels, Map<String, Buffer> arguments);
  }

  /// What it is called with.
  abstract Arguments arguments(KernelSizes sizes);

  /// The call that is timed.
  abstract Call call(KernelSizes sizes);

  /// The call before it, once, if it needs another kernel's results.
  Optional<Call> preparation(KernelSizes sizes) {
    return Optional.empty();
  }

  /// Floating-point operations of a call; 0 where memory decides.
  double flops(KernelSizes sizes) {
    return 0;
  }

  /// Bytes of the arguments that a call needs.
  double bytes(KernelSizes sizes) {
    return arguments(sizes).bytes();
  }

  /// Compares results with the reference's.
  ///
  /// @throws IllegalStateException if they differ
  void verify(String what, Map<String, Buffer> expected, Map<String, Buffer> actual) {
    expected.forEach(
        (name, buffer) -> Parity.requireClose(what + " " + name, buffer, actual.get(name)));
  }

  private static double productFlops(KernelSizes s) {
    return 2.0 * s.rows() * s.ffnDim() * s.embedDim();
  }

  private static Arguments product(KernelSizes s, String rows, int width) {
    return new Arguments().normal(rows, (long) s.rows() * width).normal("weight", weight(s));
  }

  private static long weight(KernelSizes s) {
    return (long) s.ffnDim() * s.embedDim();
  }

  private static long table(KernelSizes s) {
    return (long) s.vocabSize() * s.embedDim();
  }

  private static long hidden(KernelSizes s) {
    return s.elements();
  }

  private static long heads(KernelSizes s) {
    return (long) s.rows() * s.numHeads() * s.headDim();
  }

  private static int padded(KernelSizes s) {
    return (s.headDim() + 31) / 32 * 32;
  }

  private static Arguments elements(KernelSizes s) {
    return new Arguments().result("out", s.elements()).normal("a", s.elements());
  }

  private static Arguments tokens(KernelSizes s) {
    return new Arguments().ints("tokens", s.rows(), () -> Fills.tokens(s.rows(), s.vocabSize(), 3));
  }

  private static Arguments index(KernelSizes s) {
    return new Arguments().ints("index", s.rows(), () -> Fills.ascending(s.rows()));
  }

  private static Arguments segments(KernelSizes s) {
    return new Arguments().ints("ids", s.rows(), () -> Fills.tokens(s.rows(), SEGMENTS, 3));
  }

  private static AttentionSizes sizes(KernelSizes s, int rows) {
    return new AttentionSizes(rows, 0, s.numHeads(), s.numHeads(), s.headDim());
  }

  private static AttentionSizes packedSizes(KernelSizes s) {
    int numSegments = Fills.pairSegments(s.rows());
    return new AttentionSizes(s.rows(), numSegments, s.numHeads(), s.numHeads(), s.headDim());
  }

  private static Arguments packed(KernelSizes s) {
    long columns = AttentionKernels.SEGMENT_COLUMNS;
    return new Arguments()
        .result("out", heads(s))
        .result("logSumExp", (long) s.rows() * s.numHeads())
        .normal("q", heads(s))
        .normal("k", heads(s))
        .normal("v", heads(s))
        .ints("segments", columns * Fills.pairSegments(s.rows()), () -> Fills.pairTable(s.rows()));
  }

  private static void attend(KernelSizes s, Kernels k, Map<String, Buffer> a) {
    k.attention()
        .packedAttention(
            a.get("out"),
            a.get("logSumExp"),
            a.get("q"),
            a.get("k"),
            a.get("v"),
            a.get("segments"),
            packedSizes(s));
  }

  private static ScoreSizes scoreSizes(KernelSizes s) {
    return new ScoreSizes(s.rows(), s.rows(), s.embedDim(), s.vocabSize());
  }

  private static Arguments scored(KernelSizes s) {
    return index(s)
        .ints("targets", s.rows(), () -> Fills.tokens(s.rows(), s.vocabSize(), 3))
        .result("out", s.rows())
        .result("logSumExp", s.rows())
        .normal("x", hidden(s))
        .normal("weight", table(s));
  }

  private static void score(KernelSizes s, Kernels k, Map<String, Buffer> a) {
    k.score()
        .tokenLogProbs(
            a.get("out"),
            a.get("logSumExp"),
            a.get("x"),
            a.get("weight"),
            a.get("index"),
            a.get("targets"),
            scoreSizes(s));
  }
}
