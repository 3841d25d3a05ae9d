package dev.irpo.tensor.tornado;

import static dev.irpo.tensor.kernel.AttentionKernels.CACHE_BLOCK;

import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.AttentionTasks;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// A work item for each row and head; what a CPU is best at.
record PlainAttention(TaskList tasks, DeviceMemory memory) implements AttentionForm {
  @Override
  public void packed(
      Floats out, Floats logSumExp, Operands operands, IntArray places, AttentionSizes sizes) {
    Cache rows = new Cache(operands.k(), operands.v());
    attention(out, logSumExp, operands.q(), rows, places, sizes, 1);
  }

  @Override
  public void cached(Floats out, Floats q, Cache cache, IntArray places, AttentionSizes sizes) {
    FloatArray logSumExp = memory.scratch(Math.multiplyExact(sizes.rows(), sizes.numHeads()));
    attention(out, new Floats(logSumExp, 0), q, cache, places, sizes, CACHE_BLOCK);
  }

  /// Attention over keys in blocks of `blockSize` positions.
  private void attention(
      Floats out,
      Floats logSumExp,
      Floats q,
      Cache cache,
      IntArray places,
      AttentionSizes sizes,
      int blockSize) {
    Argument k = Argument.of(cache.k(), memory);
    Argument v = Argument.of(cache.v(), memory);
    FloatArray powers = memory.constants(RoundingTasks.powers());
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
                q.array(),
                q.at(),
                k.floats(),
                k.pairs(),
                k.at(),
                v.floats(),
                v.pairs(),
                v.at(),
                powers,
                k.isRounded(),
                places,
                sizes.rows(),
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim(),
                blockSize));
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
