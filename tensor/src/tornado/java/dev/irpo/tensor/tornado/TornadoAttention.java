package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.task.AttentionTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Records [AttentionKernels].
final class TornadoAttention implements AttentionKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;

  TornadoAttention(TaskList tasks, DeviceMemory memory) {
    this.tasks = tasks;
    this.memory = memory;
  }

  @Override
  public void packedAttention(
      Buffer out,
      Buffer logSumExp,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer segments,
      AttentionSizes sizes) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats logSumExpOn = memory.floats(logSumExp);
    DeviceMemory.Floats qOn = memory.floats(q);
    DeviceMemory.Floats kOn = memory.floats(k);
    DeviceMemory.Floats vOn = memory.floats(v);
    IntArray bounds = bounds(segments, sizes);
    int rows = sizes.rows();
    int numHeads = sizes.numHeads();
    int numKvHeads = sizes.numKvHeads();
    int headDim = sizes.headDim();
    tasks.add(
        "packedAttention",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::packedAttention,
                outOn.array(),
                outOn.at(),
                logSumExpOn.array(),
                logSumExpOn.at(),
                qOn.array(),
                qOn.at(),
                kOn.array(),
                kOn.at(),
                vOn.array(),
                vOn.at(),
                bounds,
                rows,
                numHeads,
                numKvHeads,
                headDim));
  }

  @Override
  public void packedAttentionGradient(
      Buffer dQ,
      Buffer dK,
      Buffer dV,
      Buffer dOut,
      Buffer out,
      Buffer logSumExp,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer segments,
      AttentionSizes sizes) {
    DeviceMemory.Floats dQOn = memory.floats(dQ);
    DeviceMemory.Floats dKOn = memory.floats(dK);
    DeviceMemory.Floats dVOn = memory.floats(dV);
    DeviceMemory.Floats dOutOn = memory.floats(dOut);
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats logSumExpOn = memory.floats(logSumExp);
    DeviceMemory.Floats qOn = memory.floats(q);
    DeviceMemory.Floats kOn = memory.floats(k);
    DeviceMemory.Floats vOn = memory.floats(v);
    IntArray bounds = bounds(segments, sizes);
    int rows = sizes.rows();
    int numHeads = sizes.numHeads();
    int numKvHeads = sizes.numKvHeads();
    int headDim = sizes.headDim();
    int count = Math.multiplyExact(rows, numHeads);
    FloatArray delta = memory.scratch(count);
    tasks.add(
        "outputProducts",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::outputProducts,
                delta,
                dOutOn.array(),
                dOutOn.at(),
                outOn.array(),
                outOn.at(),
                count,
                headDim));
    tasks.add(
        "queryGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::queryGradient,
                dQOn.array(),
                dQOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                delta,
                logSumExpOn.array(),
                logSumExpOn.at(),
                qOn.array(),
                qOn.at(),
                kOn.array(),
                kOn.at(),
                vOn.array(),
                vOn.at(),
                bounds,
                rows,
                numHeads,
                numKvHeads,
                headDim));
    tasks.add(
        "keyGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::keyGradient,
                dKOn.array(),
                dKOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                delta,
                logSumExpOn.array(),
                logSumExpOn.at(),
                qOn.array(),
                qOn.at(),
                kOn.array(),
                kOn.at(),
                vOn.array(),
                vOn.at(),
                bounds,
                rows,
                numHeads,
                numKvHeads,
                headDim));
    tasks.add(
        "valueGradient",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::valueGradient,
                dVOn.array(),
                dVOn.at(),
                dOutOn.array(),
                dOutOn.at(),
                logSumExpOn.array(),
                logSumExpOn.at(),
                qOn.array(),
                qOn.at(),
                kOn.array(),
                kOn.at(),
                bounds,
                rows,
                numHeads,
                numKvHeads,
                headDim));
  }

  @Override
  public void cachedAttention(
      Buffer out,
      Buffer keyCache,
      Buffer valueCache,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer table,
      AttentionSizes sizes) {
    DeviceMemory.Floats outOn = memory.floats(out);
    DeviceMemory.Floats keyCacheOn = memory.floats(keyCache);
    DeviceMemory.Floats valueCacheOn = memory.floats(valueCache);
    DeviceMemory.Floats qOn = memory.floats(q);
    DeviceMemory.Floats kOn = memory.floats(k);
    DeviceMemory.Floats vOn = memory.floats(v);
    DeviceMemory.Ints tableOn = memory.ints(table);
    int rows = sizes.rows();
    int numHeads = sizes.numHeads();
    int numKvHeads = sizes.numKvHeads();
    int headDim = sizes.headDim();
    int rowWidth = (headDim + 31) / 32 * 32;
    tasks.add(
        "storeKeys",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::store,
                keyCacheOn.array(),
                keyCacheOn.at(),
                kOn.array(),
                kOn.at(),
                tableOn.array(),
                tableOn.at(),
                rows,
                numKvHeads,
                headDim,
                rowWidth));
    tasks.add(
        "storeValues",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::store,
                valueCacheOn.array(),
                valueCacheOn.at(),
                vOn.array(),
                vOn.at(),
                tableOn.array(),
                tableOn.at(),
                rows,
                numKvHeads,
                headDim,
                rowWidth));
    tasks.add(
        "cachedAttention",
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::cachedAttention,
                outOn.array(),
                outOn.at(),
                keyCacheOn.array(),
                keyCacheOn.at(),
                valueCacheOn.array(),
                valueCacheOn.at(),
                qOn.array(),
                qOn.at(),
                tableOn.array(),
                tableOn.at(),
                rows,
                numHeads,
                numKvHeads,
                headDim,
                rowWidth));
  }

  private IntArray bounds(Buffer segments, AttentionSizes sizes) {
    DeviceMemory.Ints on = memory.ints(segments);
    int rows = sizes.rows();
    int numSegments = sizes.numSegments();
    IntArray bounds = memory.scratchInts(Math.multiplyExact(3, rows));
    tasks.add(
        "bounds",
        (graph, id) ->
            graph.task(id, AttentionTasks::bounds, bounds, on.array(), on.at(), rows, numSegments));
    return bounds;
  }
}
