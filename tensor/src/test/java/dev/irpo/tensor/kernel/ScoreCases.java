package dev.irpo.tensor.kernel;

import static dev.irpo.tensor.kernel.KernelTensor.UNIT;
import static dev.irpo.tensor.kernel.KernelTensor.ints;
import static dev.irpo.tensor.kernel.KernelTensor.output;
import static dev.irpo.tensor.kernel.KernelTensor.signed;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/// Cases of [ScoreKernels].
final class ScoreCases {
  private ScoreCases() {}

  static Stream<KernelCase> all() {
    Stream<KernelCase> scores =
        Stream.of(
                new ScoreSizes(1, 1, 1, 1),
                new ScoreSizes(2, 3, 7, 2),
                new ScoreSizes(9, 8, 3, 7),
                new ScoreSizes(5, 31, 16, 15),
                new ScoreSizes(40, 33, 17, 16),
                new ScoreSizes(12, 9, 33, 257),
                new ScoreSizes(70, 600, 8, 31),
                new ScoreSizes(30, 17, 257, 1023),
                new ScoreSizes(6, 20, 2, 66_001),
                new ScoreSizes(7, 4099, 3, 5))
            .flatMap(sizes ->
                Stream.of(
                    tokenLogProbs("", sizes, signed("weight", 24, weights(sizes))),
                    tokenLogProbs(
                        ", head of 16 bits",
                        sizes,
                        KernelTensor.half("weight", DType.BF16, 24, weights(sizes)))));
    Stream<KernelCase> rest =
        Stream.of(1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 257, 1023)
            .flatMap(n ->
                Stream.of(
                    logSumExp(n, 1024 / n + 1),
                    blockWeights(1024 / n + 1, n),
                    drawTokens(n % 5 + 2, n),
                    segmentSum(n)));
    return Stream.concat(scores, rest);
  }

  /// Arguments of scoring and of its gradients.
  private record Scored(
      ScoreSizes sizes,
      KernelTensor out,
      KernelTensor logSumExp,
      KernelTensor dOut,
      KernelTensor x,
      KernelTensor weight,
      KernelTensor rows,
      KernelTensor targets) {
    static Scored of(ScoreSizes sizes, KernelTensor weight) {
      int count = sizes.count();
      return new Scored(
          sizes,
          output("out", count),
          output("logSumExp", count),
          signed("dOut", 22, count),
          signed("x", 23, (long) sizes.rows() * sizes.embedDim()),
          weight,
          ints("rows", count, i -> i % 5 == 3 ? -1 : Samples.below(25, i, sizes.rows())),
          ints("targets", count, i -> i % 5 == 3 ? -1 : Samples.below(26, i, sizes.vocabSize())));
    }

    KernelTensor dX(String name) {
      return output(name, (long) sizes.rows() * sizes.embedDim());
    }

    KernelTensor dWeight(String name) {
      return signed(name, 21, (long) sizes.vocabSize() * sizes.embedDim());
    }

    void score(ScoreKernels kernels, Function<KernelTensor, Buffer> side) {
      kernels.tokenLogProbs(
          side.apply(out),
          side.apply(logSumExp),
          side.apply(x),
          side.apply(weight),
          side.apply(rows),
          side.apply(targets),
          sizes);
    }

    void gradient(
        ScoreKernels kernels,
        Function<KernelTensor, Buffer> side,
        Optional<KernelTensor> dX,
        Optional<KernelTensor> dWeight) {
      kernels.tokenLogProbsGradient(
          dX.map(side),
          dWeight.map(side),
          side.apply(dOut),
          side.apply(logSumExp),
          side.apply(x),
          side.apply(weight),
          side.apply(rows),
          side.apply(targets),
          sizes);
    }
  }

  private static long weights(ScoreSizes sizes) {
    return (long) sizes.vocabSize() * sizes.embedDim();
  }

  private static KernelCase tokenLogProbs(String kind, ScoreSizes sizes, KernelTensor weight) {
    Scored scored = Scored.of(sizes, weight);
    KernelTensor dX = scored.dX("dX");
    KernelTensor dWeight = scored.dWeight("dWeight");
    KernelTensor dXAlone = scored.dX("dX alone");
    KernelTensor dWeightAlone = scored.dWeight("dWeight alone");
    double logit = Math.pow(sizes.embedDim(), 1.5) * UNIT;
    double sum = 4 * Math.sqrt(sizes.vocabSize()) * UNIT;
    double logProb = 2 * logit + sum + 8 * UNIT * (1 + Math.log(sizes.vocabSize()) + 20);
    double ofX = 2 * (logProb + sum) * (4 + 4 * sizes.count() / sizes.rows());
    double perToken = logProb + 4 * Math.sqrt(sizes.count()) * UNIT;
    double ofWeight = perToken * (4 + 4 * sizes.count() / sizes.vocabSize());
    return new KernelCase(
            "tokenLogProbs " + sizes + kind,
            (kernels, side) -> {
              scored.score(kernels.score(), side);
              scored.gradient(kernels.score(), side, Optional.of(dX), Optional.of(dWeight));
              scored.gradient(kernels.score(), side, Optional.of(dXAlone), Optional.empty());
              scored.gradient(kernels.score(), side, Optional.empty(), Optional.of(dWeightAlone));
            },
            scored.dOut,
            scored.x,
            scored.weight,
            scored.rows,
            scored.targets)
        .within(scored.out, i -> logProb)
        .within(scored.logSumExp, i -> logProb)
        .within(dX, i -> ofX)
        .within(dWeight, i -> ofWeight)
        .within(dXAlone, i -> ofX)
        .within(dWeightAlone, i -> ofWeight);
  }

  private static KernelCase logSumExp(int rows, int vocabSize) {
    KernelTensor out = output("out", rows);
    KernelTensor logits =
        KernelTensor.of("logits", (long) rows * vocabSize, i -> 30 * Samples.signed(27, i));
    double tolerance = (4 * Math.sqrt(vocabSize) + 8 * 40) * UNIT;
    return new KernelCase(
            "logSumExp (%d, %d)".formatted(rows, vocabSize),
            (kernels, side) ->
                kernels.score().logSumExp(side.apply(out), side.apply(logits), rows, vocabSize),
            logits)
        .within(out, i -> tolerance);
  }

  private static KernelCase blockWeights(int rows, int vocabSize) {
    long blocks = (long) rows * ScoreKernels.blocks(vocabSize);
    KernelTensor largest = output("largest", blocks);
    KernelTensor weights = output("weights", blocks);
    KernelTensor logits =
        KernelTensor.of("logits", (long) rows * vocabSize, i -> 30 * Samples.signed(31, i));
    KernelTensor factor = KernelTensor.of("inverseTemperature", 1, i -> 1.25);
    // x·exp(−x) is at most 1/e, so an argument's rounding adds that of 64/e units at most
    return new KernelCase(
            "blockWeights (%d, %d)".formatted(rows, vocabSize),
            (kernels, side) ->
                kernels
                    .score()
                    .blockWeights(
                        side.apply(largest),
                        side.apply(weights),
                        side.apply(logits),
                        side.apply(factor),
                        rows,
                        vocabSize),
            logits,
            factor)
        .within(largest, i -> 0)
        .within(weights, i -> UNIT * (2 * 64 / Math.E + (8 + 4 * 8) * weights.exact().get(i)));
  }

  /// Greedy draws, and such at temperature 0.8 with and without top-k, top-p and tokens that are
  /// not drawable.
  private static TokenDraw draw(int index, int rows, int vocabSize) {
    double uniform = (Samples.signed(33, index) + 1) / 2;
    int topK = index % 3 == 0 ? 0 : 1 + Samples.below(34, index, 2 * vocabSize);
    double topP = index % 2 == 0 ? 1 : (Samples.signed(35, index) + 1) / 2;
    int drawable = index % 4 < 2 ? Integer.MAX_VALUE : 1 + Samples.below(36, index, vocabSize);
    double temperature = index % 7 == 3 ? 0 : 0.8;
    return new TokenDraw(
        Samples.below(37, index, rows), temperature, topK, topP, drawable, uniform);
  }

  private static KernelCase drawTokens(int rows, int vocabSize) {
    int count = 90;
    int blocks = ScoreKernels.blocks(vocabSize);
    double[] values = new double[rows * vocabSize];
    Arrays.setAll(values, i -> Math.rint(40 * Samples.signed(32, i)) / 8); // some are equal
    double[] largest = new double[rows * blocks];
    double[] weights = new double[rows * blocks];
    for (int i = 0; i < largest.length; i++) {
      int first = i / blocks * vocabSize + i % blocks * ScoreKernels.TOKEN_BLOCK;
      int end = Math.min(first + ScoreKernels.TOKEN_BLOCK, (i / blocks + 1) * vocabSize);
      double most = Arrays.stream(values, first, end).max().orElseThrow();
      largest[i] = most;
      weights[i] = Arrays.stream(values, first, end).map(l -> Math.exp(1.25 * (l - most))).sum();
    }
    KernelTensor tokens = KernelTensor.outputInts("tokens", count);
    KernelTensor logProbs = output("logProbs", count);
    KernelTensor logits = KernelTensor.of("logits", values.length, i -> values[(int) i]);
    KernelTensor logSumExp = signed("logSumExp", 38, rows);
    KernelTensor most = KernelTensor.of("largest", largest.length, i -> largest[(int) i]);
    KernelTensor sums = KernelTensor.of("weights", weights.length, i -> weights[(int) i]);
    Buffer table = Buffer.allocate(DType.INT32, (long) count * TokenDraw.COLUMNS);
    for (int i = 0; i < count; i++) {
      if (i % 11 == 5) {
        TokenDraw.writeNoneTo(table, i);
      } else {
        draw(i, rows, vocabSize).writeTo(table, i);
      }
    }
    KernelTensor draws = ints("draws", count * TokenDraw.COLUMNS, table::getInt);
    return new KernelCase(
            "drawTokens (%d, %d)".formatted(rows, vocabSize),
            (kernels, side) ->
                kernels
                    .score()
                    .drawTokens(
                        side.apply(tokens),
                        side.apply(logProbs),
                        side.apply(logits),
                        side.apply(logSumExp),
                        side.apply(most),
                        side.apply(sums),
                        side.apply(draws),
                        count,
                        vocabSize),
            logits,
            logSumExp,
            most,
            sums,
            draws)
        .within(tokens, i -> 0)
        .within(logProbs, i -> 8 * UNIT);
  }

  private static KernelCase segmentSum(int count) {
    int numSegments = count / 3 + 2;
    KernelTensor out = output("out", numSegments);
    KernelTensor dX = output("dX", count);
    KernelTensor x = signed("x", 28, count);
    KernelTensor dOut = signed("dOut", 29, numSegments);
    KernelTensor ids =
        ints("segmentIds", count, i -> i % 4 == 2 ? -1 : Samples.below(30, i, numSegments));
    return new KernelCase(
            "segmentSum " + count,
            (kernels, side) -> {
              kernels
                  .score()
                  .segmentSum(side.apply(out), side.apply(x), side.apply(ids), count, numSegments);
              kernels
                  .score()
                  .segmentSumGradient(side.apply(dX), side.apply(dOut), side.apply(ids), count);
            },
            x,
            dOut,
            ids)
        .sums(out, 1)
        .sums(dX, 1);
  }
}
