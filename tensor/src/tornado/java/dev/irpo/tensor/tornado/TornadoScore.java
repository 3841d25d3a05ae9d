package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Ints;
import dev.irpo.tensor.tornado.DeviceMemory.Numbers;
import dev.irpo.tensor.tornado.task.ScoreTasks;
import java.util.Optional;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records [ScoreKernels].
final class TornadoScore implements ScoreKernels {
  /// Logits that exist at a time.
  private static final int LOGITS = 1 << 24;

  private final TaskList tasks;
  private final DeviceMemory memory;
  private final MatrixProducts products;
  private final TornadoRow rowKernels;
  private final TornadoElementwise elementwise;
  private final TornadoDraws drawn;

  TornadoScore(
      TaskList tasks,
      DeviceMemory memory,
      MatrixProducts products,
      TornadoRow rowKernels,
      TornadoElementwise elementwise,
      TornadoDraws drawn) {
    this.tasks = tasks;
    this.memory = memory;
    this.products = products;
    this.rowKernels = rowKernels;
    this.elementwise = elementwise;
    this.drawn = drawn;
  }

  @Override
  public void tokenLogProbs(
      Buffer out,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes) {
    Floats outOn = memory.floats(out);
    Floats logSumExpOn = memory.floats(logSumExp);
    Numbers weightOn = memory.numbers(weight);
    Ints rowsOn = memory.ints(rows);
    Ints targetsOn = memory.ints(targets);
    int count = sizes.count();
    FloatArray chosen = chosenRows(memory.floats(x), rowsOn, sizes);
    LogSum sum = beginLogSum(count);
    int block = blockWidth(sizes);
    FloatArray logits = memory.scratch(Math.multiplyExact(count, block));
    for (int v = 0; v < sizes.vocabSize(); v += block) {
      Columns columns = new Columns(v, Math.min(block, sizes.vocabSize() - v));
      logits(logits, chosen, weightOn, columns, sizes);
      normalise(sum, whole(logits), count, columns.width());
      takeTargets(outOn, logits, targetsOn, count, columns);
    }
    finish(logSumExpOn, sum, count);
    tasks.add(
        "logProbs",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::logProbs,
                outOn.array(),
                outOn.at(),
                logSumExpOn.array(),
                logSumExpOn.at(),
                rowsOn.array(),
                rowsOn.at(),
                count));
  }

  private void takeTargets(
      Floats out, FloatArray logits, Ints targets, int count, Columns columns) {
    tasks.add(
        "takeTargets",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::takeTargets,
                out.array(),
                out.at(),
                logits,
                targets.array(),
                targets.at(),
                count,
                columns.first(),
                columns.width()));
  }

  @Override
  public void tokenLogProbsGradient(
      Optional<Buffer> dX,
      Optional<Buffer> dWeight,
      Buffer dOut,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes) {
    Optional<Floats> dWeightOn = dWeight.map(memory::floats);
    Numbers weightOn = memory.numbers(weight);
    Ints rowsOn = memory.ints(rows);
    Slopes slopes =
        new Slopes(memory.floats(dOut), memory.floats(logSumExp), rowsOn, memory.ints(targets));
    int count = sizes.count();
    int embedDim = sizes.embedDim();
    FloatArray chosen = chosenRows(memory.floats(x), rowsOn, sizes);
    Optional<StateGradient> states = dX.map(target -> beginStates(memory.floats(target), sizes));
    int block = blockWidth(sizes);
    FloatArray logits = memory.scratch(Math.multiplyExact(count, block));
    for (int v = 0; v < sizes.vocabSize(); v += block) {
      Columns columns = new Columns(v, Math.min(block, sizes.vocabSize() - v));
      int width = columns.width();
      logits(logits, chosen, weightOn, columns, sizes);
      logitGradient(logits, slopes, count, columns);
      states.ifPresent(
          sum -> addToStates(sum, logits, weightOn.from(columns.first() * embedDim), width, sizes));
      dWeightOn.ifPresent(target ->
          products.weightGradient(
              target.from(columns.first() * embedDim),
              whole(logits),
              whole(chosen),
              count,
              width,
              embedDim));
    }
    states.ifPresent(sum -> finishStates(sum, rowsOn, sizes));
  }

  /// Gradient of the states.
  ///
  /// @param dChosen (I, C) sum over the columns so far, a row for each position
  /// @param part (I, C) of some columns
  private record StateGradient(Floats dX, FloatArray dChosen, FloatArray part) {}

  private StateGradient beginStates(Floats dX, ScoreSizes sizes) {
    int elements = Math.multiplyExact(sizes.count(), sizes.embedDim());
    FloatArray dChosen = memory.scratch(elements);
    FloatArray part = memory.scratch(elements);
    elementwise.zero(whole(dChosen), elements);
    return new StateGradient(dX, dChosen, part);
  }

  private void addToStates(
      StateGradient sum, FloatArray logits, Numbers weightPart, int width, ScoreSizes sizes) {
    int count = sizes.count();
    int embedDim = sizes.embedDim();
    products.inputGradient(whole(sum.part()), whole(logits), weightPart, count, width, embedDim);
    elementwise.accumulate(
        whole(sum.dChosen()), whole(sum.part()), Math.multiplyExact(count, embedDim));
  }

  private void finishStates(StateGradient sum, Ints rows, ScoreSizes sizes) {
    int embedDim = sizes.embedDim();
    elementwise.zero(sum.dX(), Math.multiplyExact(sizes.rows(), embedDim));
    rowKernels.scatterAddRows(sum.dX(), whole(sum.dChosen()), rows, sizes.count(), embedDim);
  }

  /// What the gradient of a logit depends on besides the logit.
  private record Slopes(Floats dOut, Floats logSumExp, Ints rows, Ints targets) {}

  private void logitGradient(FloatArray logits, Slopes slopes, int count, Columns columns) {
    tasks.add(
        "logitGradient",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::logitGradient,
                logits,
                slopes.dOut().array(),
                slopes.dOut().at(),
                slopes.logSumExp().array(),
                slopes.logSumExp().at(),
                slopes.rows().array(),
                slopes.rows().at(),
                slopes.targets().array(),
                slopes.targets().at(),
                count,
                columns.first(),
                columns.width()));
  }

  @Override
  public void logSumExp(Buffer out, Buffer logits, int rows, int vocabSize) {
    Floats outOn = memory.floats(out);
    Floats logitsOn = memory.floats(logits);
    LogSum sum = beginLogSum(rows);
    normalise(sum, logitsOn, rows, vocabSize);
    finish(outOn, sum, rows);
  }

  /// Largest logit and sum of exponentials that each lane of a row has seen.
  private record LogSum(FloatArray largest, FloatArray sums) {}

  private LogSum beginLogSum(int rows) {
    int lanes = Math.multiplyExact(rows, ScoreTasks.LANES);
    LogSum sum = new LogSum(memory.scratch(lanes), memory.scratch(lanes));
    tasks.add(
        "beginScores",
        (graph, id) -> graph.task(id, ScoreTasks::begin, sum.largest(), sum.sums(), lanes));
    return sum;
  }

  private void normalise(LogSum sum, Floats logits, int rows, int width) {
    tasks.add(
        "normalise",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::normalise,
                sum.largest(),
                sum.sums(),
                logits.array(),
                logits.at(),
                rows,
                width));
  }

  private void finish(Floats logSumExp, LogSum sum, int rows) {
    tasks.add(
        "finishScores",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::finish,
                logSumExp.array(),
                logSumExp.at(),
                sum.largest(),
                sum.sums(),
                rows));
  }

  @Override
  public void blockWeights(
      Buffer largest,
      Buffer weights,
      Buffer logits,
      Buffer inverseTemperature,
      int rows,
      int vocabSize) {
    Floats largestOn = memory.floats(largest);
    Floats weightsOn = memory.floats(weights);
    Floats logitsOn = memory.floats(logits);
    Floats factorOn = memory.floats(inverseTemperature);
    int blocks = ScoreKernels.blocks(vocabSize);
    tasks.add(
        "blockWeights",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::blockWeights,
                largestOn.array(),
                largestOn.at(),
                weightsOn.array(),
                weightsOn.at(),
                logitsOn.array(),
                logitsOn.at(),
                factorOn.array(),
                factorOn.at(),
                rows,
                vocabSize,
                blocks,
                TOKEN_BLOCK));
  }

  @Override
  public void drawTokens(
      Buffer tokens,
      Buffer logProbs,
      Buffer logits,
      Buffer logSumExp,
      Buffer largest,
      Buffer weights,
      Buffer draws,
      int count,
      int vocabSize) {
    TornadoDraws.Operands operands =
        new TornadoDraws.Operands(
            memory.ints(tokens),
            memory.floats(logits),
            memory.floats(largest),
            memory.floats(weights),
            memory.ints(draws),
            count,
            vocabSize);
    drawn.draw(operands);
    drawn.logProbs(memory.floats(logProbs), memory.floats(logSumExp), operands);
  }

  @Override
  public void segmentSum(Buffer out, Buffer x, Buffer segmentIds, int count, int numSegments) {
    Floats outOn = memory.floats(out);
    Floats xOn = memory.floats(x);
    Ints segmentIdsOn = memory.ints(segmentIds);
    tasks.add(
        "segmentSum",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::segmentSum,
                outOn.array(),
                outOn.at(),
                xOn.array(),
                xOn.at(),
                segmentIdsOn.array(),
                segmentIdsOn.at(),
                count,
                numSegments));
  }

  @Override
  public void segmentSumGradient(Buffer dX, Buffer dOut, Buffer segmentIds, int count) {
    Floats dXOn = memory.floats(dX);
    Floats dOutOn = memory.floats(dOut);
    Ints segmentIdsOn = memory.ints(segmentIds);
    tasks.add(
        "segmentSumGradient",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::segmentSumGradient,
                dXOn.array(),
                dXOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                segmentIdsOn.array(),
                segmentIdsOn.at(),
                count));
  }

  /// Columns of the logits, rows of the head.
  private record Columns(int first, int width) {}

  /// Columns of the vocabulary that are walked at a time.
  private static int blockWidth(ScoreSizes sizes) {
    int some = LOGITS / Math.max(1, sizes.count()) / ScoreTasks.LANES * ScoreTasks.LANES;
    return Math.min(Math.max(some, ScoreTasks.LANES), sizes.vocabSize());
  }

  private FloatArray chosenRows(Floats x, Ints rows, ScoreSizes sizes) {
    int count = sizes.count();
    int embedDim = sizes.embedDim();
    FloatArray chosen = memory.scratch(Math.multiplyExact(count, embedDim));
    rowKernels.gatherRows(whole(chosen), x, rows, count, embedDim);
    return chosen;
  }

  private void logits(
      FloatArray logits, FloatArray chosen, Numbers weight, Columns columns, ScoreSizes sizes) {
    int embedDim = sizes.embedDim();
    Numbers part = weight.from(columns.first() * embedDim);
    products.linear(whole(logits), whole(chosen), part, sizes.count(), columns.width(), embedDim);
  }

  private static Floats whole(FloatArray array) {
    return new Floats(array, 0);
  }
}
