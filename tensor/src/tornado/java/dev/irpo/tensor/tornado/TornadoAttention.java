package dev.irpo.tensor.tornado;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.kernel.AttentionKernels;
import dev.irpo.tensor.kernel.AttentionSizes;
import dev.irpo.tensor.tornado.AttentionForm.Cache;
import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import dev.irpo.tensor.tornado.task.AttentionTasks;
import dev.irpo.tensor.tornado.task.AttentionTiles;
import dev.irpo.tensor.tornado.task.CacheStoreTasks;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
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
    IntArray places = cachedPlaces(table, sizes);
    Cache cache = new Cache(memory.wholePairs(keyCache), memory.wholePairs(valueCache));
    switch (cache) {
      case Cache(Floats keys, Floats values) -> store(keys, values, k, v, places, sizes);
      case Cache(Pairs keys, Pairs values) -> storePairs(keys, values, k, v, places, sizes);
      default -> throw new IllegalArgumentException("caches of two types");
    }
    form(sizes).cached(memory.floats(out), memory.floats(q), cache, places, sizes);
  }

  private void store(
      Floats keyCache,
      Floats valueCache,
      Buffer k,
      Buffer v,
      IntArray places,
      AttentionSizes sizes) {
    Floats keys = memory.floats(k);
    Floats values = memory.floats(v);
    tasks.add(
        "store",
        (graph, id) ->
            graph.task(
                id,
                CacheStoreTasks::store,
                keyCache.array(),
                keyCache.at(),
                valueCache.array(),
                valueCache.at(),
                keys.array(),
                keys.at(),
                values.array(),
                values.at(),
                places,
                sizes.rows(),
                sizes.numKvHeads(),
                sizes.headDim(),
                AttentionKernels.cacheRowWidth(sizes.headDim())));
  }

  private void storePairs(
      Pairs keyCache, Pairs valueCache, Buffer k, Buffer v, IntArray places, AttentionSizes sizes) {
    Floats keys = memory.floats(k);
    Floats values = memory.floats(v);
    FloatArray powers = memory.constants(RoundingTasks.powers());
    tasks.add(
        "storePairs",
        (graph, id) ->
            graph.task(
                id,
                CacheStoreTasks::storePairs,
                keyCache.array(),
                keyCache.at(),
                valueCache.array(),
                valueCache.at(),
                keys.array(),
                keys.at(),
                values.array(),
                values.at(),
                powers,
                places,
                sizes.rows(),
                sizes.numKvHeads(),
                sizes.headDim(),
                AttentionKernels.cacheRowWidth(sizes.headDim())));
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
