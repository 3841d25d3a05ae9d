package dev.irpo.tensor.tornado;

import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.AttentionTasks;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// A work item for each row and head; what a CPU is best at.
record PlainAttention(TaskList tasks) implements AttentionForm {
  @Override
  public void attention(
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
  public void queryGradient(
      Floats dQ, Gradient gradient, Operands operands, IntArray places, AttentionSizes sizes) {
    tasks.add(
        "queryGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::queryGradient,
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
                sizes.rows(),
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim()));
  }

  @Override
  public void keyValueGradient(
      Floats dK,
      Floats dV,
      Gradient gradient,
      Operands operands,
      IntArray places,
      AttentionSizes sizes) {
    tasks.add(
        "keyValueGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::keyValueGradient,
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
                sizes.rows(),
                sizes.numHeads(),
                sizes.numKvHeads(),
                sizes.headDim()));
  }
}
