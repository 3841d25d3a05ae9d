package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.ScoreKernels;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Ints;
import dev.irpo.tensor.tornado.task.CutDrawTasks;
import dev.irpo.tensor.tornado.task.DrawTasks;
import dev.irpo.tensor.tornado.task.ListDrawTasks;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Records [ScoreKernels#drawTokens].
record TornadoDraws(TaskList tasks, DeviceMemory memory) {
  /// Where everything lies.
  ///
  /// @param count of draws
  record Operands(
      Ints tokens,
      Floats logits,
      Floats largest,
      Floats weights,
      Ints draws,
      int count,
      int vocabSize) {}

  /// What may be kept where tokens are cut off.
  ///
  /// @param order the tokens of each draw
  /// @param listed how many of each block
  private record Listed(DoubleArray state, IntArray order, IntArray listed, int blocks) {}

  /// Draws tokens.
  void draw(Operands operands) {
    int count = operands.count();
    int blocks = ScoreKernels.blocks(operands.vocabSize());
    DoubleArray state = memory.scratchDoubles(Math.multiplyExact(count, DrawTasks.STATE));
    int allBlocks = Math.multiplyExact(count, blocks);
    IntArray listed = memory.scratchInts(allBlocks);
    IntArray order = memory.scratchInts(Math.multiplyExact(allBlocks, ScoreKernels.TOKEN_BLOCK));
    begin(operands, state);
    drawOfAll(operands, state);
    Listed list = new Listed(state, order, listed, blocks);
    list(operands, list);
    drawOfSome(operands, list, memory.scratchInts(count), memory.scratchInts(count));
  }

  /// Notes the log-probabilities of what was drawn.
  void logProbs(Floats logProbs, Floats logSumExp, Operands o) {
    tasks.add(
        "drawnLogProbs",
        (graph, id) ->
            graph.task(
                id,
                DrawTasks::logProbs,
                logProbs.array(),
                logProbs.at(),
                o.tokens().array(),
                o.tokens().at(),
                o.logits().array(),
                o.logits().at(),
                logSumExp.array(),
                logSumExp.at(),
                o.draws().array(),
                o.draws().at(),
                o.count(),
                o.vocabSize()));
  }

  private void begin(Operands o, DoubleArray state) {
    tasks.add(
        "beginDraws",
        (graph, id) ->
            graph.task(
                id,
                DrawTasks::begin,
                state,
                o.logits().array(),
                o.logits().at(),
                o.largest().array(),
                o.largest().at(),
                o.weights().array(),
                o.weights().at(),
                o.draws().array(),
                o.draws().at(),
                o.count(),
                o.vocabSize()));
  }

  private void drawOfAll(Operands o, DoubleArray state) {
    tasks.add(
        "drawOfAll",
        (graph, id) ->
            graph.task(
                id,
                DrawTasks::drawOfAll,
                o.tokens().array(),
                o.tokens().at(),
                state,
                o.logits().array(),
                o.logits().at(),
                o.largest().array(),
                o.largest().at(),
                o.weights().array(),
                o.weights().at(),
                o.draws().array(),
                o.draws().at(),
                o.count(),
                o.vocabSize()));
  }

  private void list(Operands o, Listed list) {
    tasks.add(
        "boundsOfDraws",
        (graph, id) ->
            graph.task(
                id,
                ListDrawTasks::bounds,
                list.state(),
                o.largest().array(),
                o.largest().at(),
                o.draws().array(),
                o.draws().at(),
                o.count(),
                o.vocabSize()));
    tasks.add(
        "countForDraws",
        (graph, id) ->
            graph.task(
                id,
                ListDrawTasks::count,
                list.listed(),
                list.state(),
                o.logits().array(),
                o.logits().at(),
                o.draws().array(),
                o.draws().at(),
                o.count(),
                list.blocks(),
                o.vocabSize()));
    tasks.add(
        "listForDraws",
        (graph, id) ->
            graph.task(
                id,
                ListDrawTasks::list,
                list.order(),
                list.listed(),
                list.state(),
                o.logits().array(),
                o.logits().at(),
                o.draws().array(),
                o.draws().at(),
                o.count(),
                list.blocks(),
                o.vocabSize()));
  }

  private void drawOfSome(Operands o, Listed list, IntArray ofTopK, IntArray ofTopP) {
    tasks.add(
        "keepTopK",
        (graph, id) ->
            graph.task(
                id,
                CutDrawTasks::keepTopK,
                ofTopK,
                list.state(),
                o.logits().array(),
                o.logits().at(),
                o.draws().array(),
                o.draws().at(),
                list.order(),
                list.listed(),
                o.count(),
                list.blocks(),
                o.vocabSize()));
    tasks.add(
        "keepTopP",
        (graph, id) ->
            graph.task(
                id,
                CutDrawTasks::keepTopP,
                ofTopP,
                ofTopK,
                list.state(),
                o.logits().array(),
                o.logits().at(),
                o.draws().array(),
                o.draws().at(),
                list.order(),
                list.listed(),
                o.count(),
                list.blocks(),
                o.vocabSize()));
    tasks.add(
        "drawOfSome",
        (graph, id) ->
            graph.task(
                id,
                CutDrawTasks::draw,
                o.tokens().array(),
                o.tokens().at(),
                ofTopP,
                list.state(),
                o.logits().array(),
                o.logits().at(),
                o.draws().array(),
                o.draws().at(),
                list.order(),
                list.listed(),
                o.count(),
                list.blocks(),
                o.vocabSize()));
  }
}
