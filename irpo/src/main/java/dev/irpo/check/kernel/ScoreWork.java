package dev.irpo.check.kernel;

import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.kernel.TokenDraw;
import java.util.Optional;

/// [dev.irpo.tensor.kernel.ScoreKernels], see [KernelCase].
final class ScoreWork {
  static final KernelWork TOKEN_LOG_PROBS =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return scored(s);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) -> score(s, k, a);
        }

        @Override
        public double flops(KernelSizes s) {
          return 2.0 * s.rows() * s.vocabSize() * s.embedDim();
        }

        @Override
        public boolean multipliesWeights() {
          return true;
        }
      };

  static final KernelWork TOKEN_LOG_PROBS_GRADIENT = new Gradient(true, true);
  static final KernelWork TOKEN_LOG_PROBS_INPUT_GRADIENT = new Gradient(true, false);
  static final KernelWork TOKEN_LOG_PROBS_WEIGHT_GRADIENT = new Gradient(false, true);

  static final KernelWork LOG_SUM_EXP =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return new Arguments()
              .result("out", s.slots())
              .normal("logits", (long) s.slots() * s.vocabSize());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.score().logSumExp(a.get("out"), a.get("logits"), s.slots(), s.vocabSize());
        }
      };

  static final KernelWork BLOCK_WEIGHTS =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          long blocks = (long) s.slots() * ScoreKernels.blocks(s.vocabSize());
          return new Arguments()
              .result("largest", blocks)
              .result("weights", blocks)
              .normal("logits", (long) s.slots() * s.vocabSize())
              .numbers("inverseTemperature", 1.25);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.score()
                  .blockWeights(
                      a.get("largest"),
                      a.get("weights"),
                      a.get("logits"),
                      a.get("inverseTemperature"),
                      s.slots(),
                      s.vocabSize());
        }
      };

  /// The log-probabilities tell which tokens were drawn.
  static final KernelWork DRAW_TOKENS =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          int rows = s.slots();
          int vocabSize = s.vocabSize();
          long blocks = (long) rows * ScoreKernels.blocks(vocabSize);
          return new Arguments()
              .intResult("tokens", rows)
              .result("logProbs", rows)
              .numbers("logits", (long) rows * vocabSize, () -> Fills.logits(rows, vocabSize))
              .normal("logSumExp", rows)
              .numbers("largest", blocks, () -> Fills.largest(rows, vocabSize))
              .numbers("weights", blocks, () -> Fills.weights(rows, vocabSize))
              .ints("draws", (long) rows * TokenDraw.COLUMNS, () -> Fills.draws(rows, vocabSize));
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.score()
                  .drawTokens(
                      a.get("tokens"),
                      a.get("logProbs"),
                      a.get("logits"),
                      a.get("logSumExp"),
                      a.get("largest"),
                      a.get("weights"),
                      a.get("draws"),
                      s.slots(),
                      s.vocabSize());
        }
      };

  static final KernelWork SEGMENT_SUM =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return segments(s).result("out", SEGMENTS).normal("x", s.rows());
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.score().segmentSum(a.get("out"), a.get("x"), a.get("ids"), s.rows(), SEGMENTS);
        }
      };

  static final KernelWork SEGMENT_SUM_GRADIENT =
      new KernelWork() {
        @Override
        Arguments arguments(KernelSizes s) {
          return segments(s).result("dX", s.rows()).normal("dOut", SEGMENTS);
        }

        @Override
        Call call(KernelSizes s) {
          return (k, a) ->
              k.score().segmentSumGradient(a.get("dX"), a.get("dOut"), a.get("ids"), s.rows());
        }
      };

  private ScoreWork() {}

  /// Gradients of the states, of the head or of both.
  private static final class Gradient extends KernelWork {
    private final boolean ofStates;
    private final boolean ofHead;

    Gradient(boolean ofStates, boolean ofHead) {
      this.ofStates = ofStates;
      this.ofHead = ofHead;
    }

    @Override
    Arguments arguments(KernelSizes s) {
      Arguments arguments = scored(s).normal("dOut", s.rows());
      if (ofStates) {
        arguments.result("dX", hidden(s));
      }
      if (ofHead) {
        arguments.updated("dWeight", table(s));
      }
      return arguments;
    }

    @Override
    Optional<Call> preparation(KernelSizes s) {
      return Optional.of((k, a) -> score(s, k, a));
    }

    @Override
    double preparationFlops(KernelSizes s) {
      return TOKEN_LOG_PROBS.flops(s);
    }

    @Override
    public boolean multipliesWeights() {
      return true;
    }

    @Override
    Call call(KernelSizes s) {
      ScoreSizes sizes = scoreSizes(s);
      return (k, a) ->
          k.score()
              .tokenLogProbsGradient(
                  Optional.ofNullable(a.get("dX")),
                  Optional.ofNullable(a.get("dWeight")),
                  a.get("dOut"),
                  a.get("logSumExp"),
                  a.get("x"),
                  a.get("weight"),
                  a.get("index"),
                  a.get("targets"),
                  sizes);
    }

    @Override
    public double flops(KernelSizes s) {
      double products = ofStates && ofHead ? 3 : 2;
      return products * 2 * s.rows() * s.vocabSize() * s.embedDim();
    }
  }
}
