package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.task.AttentionTasks;
import dev.irpo.tensor.tornado.task.AttentionTiles;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/// Records [AttentionKernels].
final class TornadoAttention implements AttentionKernels {
  private final TaskList tasks;
  private final DeviceMemory memory;
  private final TornadoKernels.Form form;

  TornadoAttention(TaskList tasks, DeviceMemory memory, TornadoKernels.Form form) {
    this.tasks = tasks;
    this.memory = memory;
    this.form = form;
  }

  private AttentionForm form(AttentionSizes sizes) {
    boolean fits = sizes.headDim() <= AttentionTiles.MAX_HEAD_DIM;
    return form.tilesAttention() && fits
        ? new GroupAttention(tasks, memory)
        : new PlainAttention(tasks, memory);
  }

  private AttentionForm.Operands operands(Buffer q, Buffer k, Buffer v) {
    return new AttentionForm.Operands(memory.floats(q), memory.floats(k), memory.floats(v));
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
    form(sizes)
        .packed(
            memory.floats(out),
            memory.floats(logSumExp),
            operands(q, k, v),
            packedPlaces(segments, sizes),
            sizes);
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
    form(sizes)
        .packedGradient(
            new AttentionForm.Gradients(memory.floats(dQ), memory.floats(dK), memory.floats(dV)),
            new AttentionForm.Results(
                memory.floats(dOut), memory.floats(out), memory.floats(logSumExp)),
            operands(q, k, v),
            packedPlaces(segments, sizes),
            sizes);
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
    int rowWidth = AttentionKernels.cacheRowWidth(sizes.headDim());
    IntArray places = cachedPlaces(table, sizes);
    store("storeKeys", memory.floats(keyCache), memory.floats(k), places, sizes, rowWidth);
    store("storeValues", memory.floats(valueCache), memory.floats(v), places, sizes, rowWidth);
    form(sizes).cached(memory.floats(out), operands(q, keyCache, valueCache), places, sizes);
  }

  private void store(
      String name, Floats cache, Floats x, IntArray places, AttentionSizes sizes, int rowWidth) {
    tasks.add(
        name,
        (graph, id) ->
            graph.task(
                id,
                AttentionTasks::store,
                cache.array(),
                cache.at(),
                x.array(),
                x.at(),
                places,
                sizes.rows(),
                sizes.numKvHeads(),
                sizes.headDim(),
                rowWidth));
  }

  /// Places of rows: the same in each layer with such sizes.
  private record Places(DeviceMemory.Ints table, AttentionSizes sizes) {}

  private IntArray packedPlaces(Buffer segments, AttentionSizes sizes) {
    DeviceMemory.Ints on = memory.ints(segments);
    return places(
        on,
        sizes,
        places ->
            tasks
                .first()
                .add(
                    "packedPlaces",
                    (graph, id) ->
                        graph.task(
                            id,
                            AttentionTasks::packedPlaces,
                            places,
                            on.array(),
                            on.at(),
                            sizes.rows(),
                            sizes.numSegments(),
                            sizes.window())));
  }

  private IntArray cachedPlaces(Buffer table, AttentionSizes sizes) {
    DeviceMemory.Ints on = memory.ints(table);
    return places(
        on,
        sizes,
        places ->
            tasks
                .first()
                .add(
                    "cachedPlaces",
                    (graph, id) ->
                        graph.task(
                            id,
                            AttentionTasks::cachedPlaces,
                            places,
                            on.array(),
                            on.at(),
                            sizes.rows(),
                            sizes.window())));
  }

  private IntArray places(DeviceMemory.Ints on, AttentionSizes sizes, Consumer<IntArray> record) {
    int numElements = Math.multiplyExact(AttentionTasks.COLUMNS, sizes.rows());
    return memory.ofInputs(new Places(on, sizes), numElements, record);
  }
}
