package dev.irpo.tensor.tornado;

import dev.irpo.tensor.tornado.DeviceMemory.Floats;
import dev.irpo.tensor.tornado.DeviceMemory.Pairs;
import dev.irpo.tensor.tornado.task.RoundingTasks;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/// Records the task that gives numbers of bfloat16 in single precision.
record Widening(TaskList tasks, DeviceMemory memory) {
  /// `out = x`, exactly.
  void widen(Floats out, Pairs x, int n) {
    FloatArray powers = memory.constants(RoundingTasks.powers());
    tasks.add(
        "widen",
        (graph, id) ->
            graph.task(
                id, RoundingTasks::widen, out.array(), out.at(), x.array(), x.at(), powers, n));
  }

  /// The same for the tasks that follow.
  Floats widened(Pairs x, int n) {
    Floats out = new Floats(memory.scratch(n), 0);
    widen(out, x, n);
    return out;
  }
}
