package dev.irpo.tensor.tornado;

import static dev.irpo.tensor.kernel.AttentionKernels.CACHE_BLOCK;

import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.AttentionTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// A work item for each row and head; what a CPU is best at.
record PlainAttention(TaskList tasks, DeviceMemory memory) implements AttentionForm {
  @Override
  public void packed(
      Floats out, Floats logSumExp, Operands operands, IntArray places, AttentionSizes sizes) {
    attention(out, logSumExp, operands, places, sizes, 1, sizes.headDim());
  }

  @Override
  public void cached(Floats out, Operands operands, IntArray places, AttentionSizes sizes) {
    FloatArray logSumExp = memory.scratch(Math.multiplyExact(sizes.rows(), sizes.numHeads()));
    int rowWidth = AttentionKernels.cacheRowWidth(sizes.headDim());
    attention(out, new Floats(logSumExp, 0), operands, places, sizes, CACHE_BLOCK, rowWidth);
  }

  /// Attention over keys in blocks of `blockSize` positions, rows of `rowWidth` elements.
  private void attention(
      Floats out,
      Floats logSumExp,
      Operands operands,
      IntArray places,
      AttentionSizes sizes,
      int blockSize,
      int rowWidth) {
    tasks.add(
        "attention",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::attention,
                out.array(),
                out.at(),
                logSumExp.array(),
                logSumExp.at(),
                operands.q().array(),
                operands.q().at(),
                operands.k().array(),
                operands.k().at(),
                operands.v().array(),
                operands.v().at(),
                places,
                sizes.rows(),
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim(),
                blockSize,
                rowWidth));
  }

  @Override
  public void packedGradient(
      Gradients gradients,
      Results results,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    int count = Math.multiplyExact(sizes.rows(), sizes.numHeads());
    FloatArray delta = memory.scratch(count);
    tasks.add(
        "outputProducts",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::outputProducts,
                delta,
                results.dOut().array(),
                results.dOut().at(),
                results.out().array(),
                results.out().at(),
                count,
                sizes.headDim()));
    queryGradient(gradients.dQ(), results, delta, operands, places, sizes);
    keyValueGradient(gradients, results, delta, operands, places, sizes);
  }

  private void queryGradient(
      Floats dQ,
      Results results,
      FloatArray delta,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    tasks.add(
        "queryGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::queryGradient,
                dQ.array(),
                dQ.at(),
                results.dOut().array(),
                results.dOut().at(),
                delta,
                results.logSumExp().array(),
                results.logSumExp().at(),
                operands.q().array(),
                operands.q().at(),
                operands.k().array(),
                operands.k().at(),
                operands.v().array(),
                operands.v().at(),
                places,
                sizes.rows(),
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim()));
  }

  private void keyValueGradient(
      Gradients gradients,
      Results results,
      FloatArray delta,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    tasks.add(
        "keyValueGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::keyValueGradient,
                gradients.dK().array(),
                gradients.dK().at(),
                gradients.dV().array(),
                gradients.dV().at(),
                results.dOut().array(),
                results.dOut().at(),
                delta,
                results.logSumExp().array(),
                results.logSumExp().at(),
                operands.q().array(),
                operands.q().at(),
                operands.k().array(),
                operands.k().at(),
                operands.v().array(),
                operands.v().at(),
                places,
                sizes.rows(),
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim()));
  }
}
