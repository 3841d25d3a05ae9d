package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.AttentionTiles;
import dev.irpo.tensor.tornado.task.CachedAttentionTasks;
import dev.irpo.tensor.tornado.task.KeyGradientTasks;
import dev.irpo.tensor.tornado.task.PackedAttentionTasks;
import dev.irpo.tensor.tornado.task.QueryGradientTasks;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Groups of threads that share keys and values in local memory, for GPUs.
record GroupAttention(TaskList tasks, DeviceMemory memory) implements AttentionForm {
  @Override
  public void packed(
      Floats out, Floats logSumExp, Operands operands, IntArray places, AttentionSizes sizes) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupAttention",
        (graph, id) ->
            graph.task(
                id,
                PackedAttentionTasks::attention,
                context,
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
                sizes.headDim()),
        TaskList.groups(
            PackedAttentionTasks.groups(sizes.rows(), sizes.numHeads(), sizes.numKvHeads()),
            AttentionTiles.THREADS));
  }

  @Override
  public void packedGradient(
      Gradients gradients,
      Results results,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    int count = Math.multiplyExact(sizes.rows(), sizes.numHeads());
    FloatArray rowValues = memory.scratch(Math.multiplyExact(2, count));
    tasks.add(
        "rowValues",
        (graph, id) ->
            graph.task(
                id,
                QueryGradientTasks::rowValues,
                rowValues,
                results.dOut().array(),
                results.dOut().at(),
                results.out().array(),
                results.out().at(),
                results.logSumExp().array(),
                results.logSumExp().at(),
                count,
                sizes.headDim()));
    queryGradient(gradients.dQ(), results.dOut(), rowValues, operands, places, sizes);
    keyGradient(gradients, results.dOut(), rowValues, operands, places, sizes);
  }

  private void queryGradient(
      Floats dQ,
      Floats dOut,
      FloatArray rowValues,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupQueryGradient",
        (graph, id) ->
            graph.task(
                id,
                QueryGradientTasks::queryGradient,
                context,
                dQ.array(),
                dQ.at(),
                dOut.array(),
                dOut.at(),
                rowValues,
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
                sizes.headDim()),
        TaskList.groups(
            PackedAttentionTasks.groups(sizes.rows(), sizes.numHeads(), sizes.numKvHeads()),
            AttentionTiles.THREADS));
  }

  private void keyGradient(
      Gradients gradients,
      Floats dOut,
      FloatArray rowValues,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupKeyGradient",
        (graph, id) ->
            graph.task(
                id,
                KeyGradientTasks::keyGradient,
                context,
                gradients.dK().array(),
                gradients.dK().at(),
                gradients.dV().array(),
                gradients.dV().at(),
                dOut.array(),
                dOut.at(),
                rowValues,
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
                sizes.headDim()),
        TaskList.groups(
            KeyGradientTasks.groups(sizes.rows(), sizes.numKvHeads()), AttentionTiles.THREADS));
  }

  @Override
  public void cached(Floats out, Floats q, Cache cache, IntArray places, AttentionSizes sizes) {
    FloatArray parts = // before the arguments' arrays, so that it is the first of other operations
        memory.scratch(
            CachedAttentionTasks.partElements(sizes.rows(), sizes.numHeads(), sizes.headDim()));
    Argument k = Argument.of(cache.k(), memory);
    Argument v = Argument.of(cache.v(), memory);
    FloatArray powers = memory.constants(RoundingTasks.powers());
    KernelContext context = new KernelContext();
    tasks.add(
        "groupCachedAttention",
        (graph, id) ->
            graph.task(
                id,
                CachedAttentionTasks::attention,
                context,
                parts,
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
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim(),
                AttentionKernels.cacheRowWidth(sizes.headDim())),
        TaskList.groups(
            CachedAttentionTasks.groups(sizes.rows(), sizes.numHeads(), sizes.numKvHeads()),
            CachedAttentionTasks.THREADS));
    KernelContext merging = new KernelContext();
    tasks.add(
        "mergeLanes",
        (graph, id) ->
            graph.task(
                id,
                CachedAttentionTasks::merge,
                merging,
                out.array(),
                out.at(),
                parts,
                places,
                sizes.numHeads(),
                sizes.headDim()),
        TaskList.groups(
            Math.multiplyExact(sizes.rows(), sizes.numHeads()), CachedAttentionTasks.THREADS));
  }
}
