package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.GroupAttentionTasks;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// A group of threads for each row and head, for GPUs.
record GroupAttention(TaskList tasks) implements AttentionForm {
  @Override
  public void attention(
      Floats out,
      Floats logSumExp,
      Operands operands,
      IntArray places,
      AttentionSizes sizes,
      int blockSize,
      int rowWidth) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupAttention",
        (graph, id) ->
            graph.task(
                id,
                GroupAttentionTasks::attention,
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
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim(),
                blockSize,
                rowWidth),
        TaskList.groups(
            Math.multiplyExact(sizes.rows(), sizes.numHeads()), GroupAttentionTasks.THREADS));
  }

  @Override
  public void queryGradient(
      Floats dQ, Gradient gradient, Operands operands, IntArray places, AttentionSizes sizes) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupQueryGradient",
        (graph, id) ->
            graph.task(
                id,
                GroupAttentionTasks::queryGradient,
                context,
                dQ.array(),
                dQ.at(),
                gradient.dOut().array(),
                gradient.dOut().at(),
                gradient.delta(),
                gradient.logSumExp().array(),
                gradient.logSumExp().at(),
                operands.q().array(),
                operands.q().at(),
                operands.k().array(),
                operands.k().at(),
                operands.v().array(),
                operands.v().at(),
                places,
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim()),
        TaskList.groups(
            Math.multiplyExact(sizes.rows(), sizes.numHeads()), GroupAttentionTasks.THREADS));
  }

  @Override
  public void keyValueGradient(
      Floats dK,
      Floats dV,
      Gradient gradient,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    KernelContext context = new KernelContext();
    tasks.add(
        "groupKeyValueGradient",
        (graph, id) ->
            graph.task(
                id,
                GroupAttentionTasks::keyValueGradient,
                context,
                dK.array(),
                dK.at(),
                dV.array(),
                dV.at(),
                gradient.dOut().array(),
                gradient.dOut().at(),
                gradient.delta(),
                gradient.logSumExp().array(),
                gradient.logSumExp().at(),
                operands.q().array(),
                operands.q().at(),
                operands.k().array(),
                operands.k().at(),
                operands.v().array(),
                operands.v().at(),
                places,
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim()),
        TaskList.groups(
            Math.multiplyExact(sizes.rows(), sizes.numKvHeads()), GroupAttentionTasks.THREADS));
  }
}
