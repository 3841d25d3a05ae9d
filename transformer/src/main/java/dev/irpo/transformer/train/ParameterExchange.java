package dev.irpo.transformer.train;

import dev.irpo.distributed.Element;
import dev.irpo.distributed.Group;
import dev.irpo.distributed.Partition;
import dev.irpo.tensor.Buffer;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What the processes tell each other around an optimizer step, besides the gradient.
final class ParameterExchange {
  private final Group group;
  private final int parts;
  private final Parameters parameters;
  private final List<Stretch> stretches = new ArrayList<>();

  private record Stretch(long offset, Partition partition) {}

  ParameterExchange(Parameters parameters, ShardedLayout layout, Sharding sharding) {
    this.parameters = parameters;
    group = sharding.group();
    parts = sharding.parts();
    List<ParameterLayout.Stretch> wholes = layout.trained().stretchesOf(parameters.layout());
    for (int bucket = 0; bucket < layout.buckets().size(); bucket++) {
      ShardedLayout.Range range = layout.buckets().get(bucket);
      for (ParameterLayout.Stretch whole : wholes) {
        long begin = Math.max(range.begin(), whole.offset());
        long end = Math.min(range.end(), whole.offset() + whole.numElements());
        if (begin < end) {
          Partition partition = layout.partition(bucket);
          stretches.add(
              new Stretch(
                  whole.offsetInWhole() + begin - whole.offset(),
                  partition.slice(begin - range.begin(), end - range.begin())));
        }
      }
    }
  }

  /// The sum of numbers of all parts, in the order of the parts.
  ///
  /// @param own numbers of this process's parts
  double sum(Map<Integer, Double> own) {
    double[] values = new double[parts];
    own.forEach((part, value) -> values[part] = value);
    if (group.size() > 1) {
      try (Arena arena = Arena.ofShared()) {
        MemorySegment copy = arena.allocateFrom(ValueLayout.JAVA_DOUBLE, values);
        group.allReduce(copy, Element.F64);
        MemorySegment.copy(copy, ValueLayout.JAVA_DOUBLE, 0, values, 0, parts);
      }
    }
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    return sum;
  }

  /// Gives every process the parameters that the others updated.
  void gather() {
    if (group.size() == 1) {
      return;
    }
    for (Stretch stretch : stretches) {
      Buffer values = parameters.flat().slice(stretch.offset, stretch.partition.total());
      group.allGather(values.segment(), Element.F32, stretch.partition);
    }
    parameters.markChanged();
  }
}
