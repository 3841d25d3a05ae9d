package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.kernel.ScoreSizes;
import dev.irpo.tensor.tornado.task.ElementwiseTasks;
import dev.irpo.tensor.tornado.task.RowTasks;
import dev.irpo.tensor.tornado.task.ScoreTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records [ScoreKernels].
final class TornadoScore implements ScoreKernels {
  /// Logits that exist at a time.
  private static final int LOGITS = 1 << 24;

  private final TaskList tasks;
  private final DeviceMemory memory;
  private final MatrixProducts products;

  TornadoScore(TaskList tasks, DeviceMemory memory, MatrixProducts products) {
    this.tasks = tasks;
    this.memory = memory;
    this.products = products;
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
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats logSumExpOn = memory.floats(logSumExp);
    DeviceMemory.Floats xOn = memory.floats(x);
    DeviceMemory.Floats weightOn = memory.floats(weight);
    DeviceMemory.Ints rowsOn = memory.ints(rows);
    DeviceMemory.Ints targetsOn = memory.ints(targets);
    int count = sizes.count();
    FloatArray chosen = chosenRows(xOn, rowsOn, sizes);
    int lanes = Math.multiplyExact(count, ScoreTasks.LANES);
    FloatArray largest = memory.scratch(lanes);
    FloatArray sums = memory.scratch(lanes);
    begin(largest, sums, lanes);
    int block = blockWidth(sizes);
    FloatArray logits = memory.scratch(Math.multiplyExact(count, block));
    for (int v = 0; v < sizes.vocabSize(); v += block) {
      int first = v;
      int width = Math.min(block, sizes.vocabSize() - v);
      logits(logits, chosen, weightOn, first, width, sizes);
      tasks.add(
          "normalise",
          (graph, id) ->
              graph.task(id, ScoreTasks::normalise, largest, sums, logits, 0, count, width));
      tasks.add(
          "takeTargets",
          (graph, id) ->
              graph.task(
                  id,
                  ScoreTasks::takeTargets,
                  outOn.array(),
                  outOn.at(),
                  logits,
                  targetsOn.array(),
                  targetsOn.at(),
                  count,
                  first,
                  width));
    }
    tasks.add(
        "finishScores",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::finish,
                logSumExpOn.array(),
                logSumExpOn.at(),
                largest,
                sums,
                count));
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

  @Override
  public void tokenLogProbsGradient(
      Buffer dX,
      Buffer dWeight,
      Buffer dOut,
      Buffer logSumExp,
      Buffer x,
      Buffer weight,
      Buffer rows,
      Buffer targets,
      ScoreSizes sizes) {
    DeviceMemory.Floats dXOn = memory.floats(dX);
    DeviceMemory.Floats dWeightOn = memory.floats(dWeight);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Floats logSumExpOn = memory.floats(logSumExp);
    DeviceMemory.Floats xOn = memory.floats(x);
    DeviceMemory.Floats weightOn = memory.floats(weight);
    DeviceMemory.Ints rowsOn = memory.ints(rows);
    DeviceMemory.Ints targetsOn = memory.ints(targets);
    int count = sizes.count();
    int embedDim = sizes.embedDim();
    FloatArray chosen = chosenRows(xOn, rowsOn, sizes);
    int elements = Math.multiplyExact(count, embedDim);
    FloatArray dChosen = memory.scratch(elements);
    FloatArray part = memory.scratch(elements);
    tasks.add(
        "zeroChosen", (graph, id) -> graph.task(id, ElementwiseTasks::zero, dChosen, 0, elements));
    int block = blockWidth(sizes);
    FloatArray logits = memory.scratch(Math.multiplyExact(count, block));
    for (int v = 0; v < sizes.vocabSize(); v += block) {
      int first = v;
      int width = Math.min(block, sizes.vocabSize() - v);
      int weightAt = weightOn.at() + first * embedDim;
      int dWeightAt = dWeightOn.at() + first * embedDim;
      logits(logits, chosen, weightOn, first, width, sizes);
      tasks.add(
          "logitGradient",
          (graph, id) ->
              graph.task(
                  id,
                  ScoreTasks::logitGradient,
                  logits,
                  dOutOn.array(),
                  dOutOn.at(),
                  logSumExpOn.array(),
                  logSumExpOn.at(),
                  rowsOn.array(),
                  rowsOn.at(),
                  targetsOn.array(),
                  targetsOn.at(),
                  count,
                  first,
                  width));
      products.inputGradient(
          whole(part),
          whole(logits),
          new DeviceMemory.Floats(weightOn.array(), weightAt),
          count,
          width,
          embedDim);
      tasks.add(
          "headAdd",
          (graph, id) ->
              graph.task(id, ElementwiseTasks::accumulate, dChosen, 0, part, 0, elements));
      products.weightGradient(
          new DeviceMemory.Floats(dWeightOn.array(), dWeightAt),
          whole(logits),
          whole(chosen),
          count,
          width,
          embedDim);
    }
    int all = Math.multiplyExact(sizes.rows(), embedDim);
    tasks.add(
        "zeroRows",
        (graph, id) -> graph.task(id, ElementwiseTasks::zero, dXOn.array(), dXOn.at(), all));
    tasks.add(
        "scatterRows",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::scatterAddRows,
                dXOn.array(),
                dXOn.at(),
                dChosen,
                0,
                rowsOn.array(),
                rowsOn.at(),
                count,
                embedDim));
  }

  @Override
  public void logSumExp(Buffer out, Buffer logits, int rows, int vocabSize) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats logitsOn = memory.floats(logits);
    int lanes = Math.multiplyExact(rows, ScoreTasks.LANES);
    FloatArray largest = memory.scratch(lanes);
    FloatArray sums = memory.scratch(lanes);
    begin(largest, sums, lanes);
    tasks.add(
        "normalise",
        (graph, id) ->
            graph.task(
                id,
                ScoreTasks::normalise,
                largest,
                sums,
                logitsOn.array(),
                logitsOn.at(),
                rows,
                vocabSize));
    tasks.add(
        "finishScores",
        (graph, id) ->
            graph.task(id, ScoreTasks::finish, outOn.array(), outOn.at(), largest, sums, rows));
  }

  @Override
  public void blockWeights(
      Buffer largest,
      Buffer weights,
      Buffer logits,
      Buffer inverseTemperature,
      int rows,
      int vocabSize) {
    DeviceMemory.Floats largestOn = memory.floats(largest);
    DeviceMemory.Floats weightsOn = memory.floats(weights);
    DeviceMemory.Floats logitsOn = memory.floats(logits);
    DeviceMemory.Floats factorOn = memory.floats(inverseTemperature);
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
  public void segmentSum(Buffer out, Buffer x, Buffer segmentIds, int count, int numSegments) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats xOn = memory.floats(x);
    DeviceMemory.Ints segmentIdsOn = memory.ints(segmentIds);
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
    DeviceMemory.Floats dXOn = memory.floats(dX);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Ints segmentIdsOn = memory.ints(segmentIds);
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

  private void begin(FloatArray largest, FloatArray sums, int lanes) {
    tasks.add(
        "beginScores", (graph, id) -> graph.task(id, ScoreTasks::begin, largest, sums, lanes));
  }

  /// Columns of the vocabulary that are walked at a time.
  private static int blockWidth(ScoreSizes sizes) {
    int some = LOGITS / Math.max(1, sizes.count()) / ScoreTasks.LANES * ScoreTasks.LANES;
    return Math.min(Math.max(some, ScoreTasks.LANES), sizes.vocabSize());
  }

  private FloatArray chosenRows(DeviceMemory.Floats x, DeviceMemory.Ints rows, ScoreSizes sizes) {
    int count = sizes.count();
    int embedDim = sizes.embedDim();
    FloatArray chosen = memory.scratch(Math.multiplyExact(count, embedDim));
    tasks.add(
        "chosenRows",
        (graph, id) ->
            graph.task(
                id,
                RowTasks::gatherRows,
                chosen,
                0,
                x.array(),
                x.at(),
                rows.array(),
                rows.at(),
                count,
                embedDim));
    return chosen;
  }

  private void logits(
      FloatArray logits,
      FloatArray chosen,
      DeviceMemory.Floats weight,
      int first,
      int width,
      ScoreSizes sizes) {
    int count = sizes.count();
    int embedDim = sizes.embedDim();
    DeviceMemory.Floats block =
        new DeviceMemory.Floats(weight.array(), weight.at() + first * embedDim);
    products.linear(whole(logits), whole(chosen), block, count, width, embedDim);
  }

  private static DeviceMemory.Floats whole(FloatArray array) {
    return new DeviceMemory.Floats(array, 0);
  }
}
