package dev.irpo.transformer.train;

import dev.irpo.tensor.Buffer;
import dev.irpo.tensor.DType;
import dev.irpo.tensor.Graph;
import dev.irpo.tensor.Shape;
import dev.irpo.tensor.Tensor;
import dev.irpo.transformer.ParameterLayout;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.train.ShardedLayout.Range;
import java.util.ArrayList;
import java.util.List;

/// Elements that a process updates and that follow each other in the layout of what may change too,
/// within one part of one bucket.
///
/// @param number counts the stretches of a process
/// @param offsetInMoments of its first element among all that the process updates
/// @param offsetInBucket of the same element in what the process updates of the bucket
/// @param offsetInWhole of the same element in the layout of what may change; nothing where the
///   processes divide the parameters
/// @param copies processes that hold these elements of one model, see [Parameters#copies]
record OwnedStretch(
    int number,
    int bucket,
    int part,
    long offsetInMoments,
    long offsetInBucket,
    long offsetInWhole,
    int copies,
    long length) {
  /// The stretches of this process, bucket by bucket.
  static List<OwnedStretch> of(ShardedLayout layout, Sharding sharding, Parameters parameters) {
    ParameterLayout whole = parameters.areInPlace() ? parameters.layout() : layout.trained();
    List<ParameterLayout.Stretch> wholes = layout.trained().stretchesOf(whole, parameters::copies);
    List<OwnedStretch> stretches = new ArrayList<>();
    int rank = sharding.group().rank();
    long before = 0;
    for (int bucket = 0; bucket < layout.buckets().size(); bucket++) {
      Range owned = layout.owned(bucket, rank);
      for (int part = sharding.firstOwned(rank); part < sharding.firstOwned(rank + 1); part++) {
        Range range = layout.part(bucket, part);
        for (ParameterLayout.Stretch stretch : wholes) {
          long begin = Math.max(range.begin(), stretch.offset());
          long end = Math.min(range.end(), stretch.offset() + stretch.numElements());
          if (begin < end) {
            stretches.add(
                new OwnedStretch(
                    stretches.size(),
                    bucket,
                    part,
                    before + begin - owned.begin(),
                    begin - owned.begin(),
                    stretch.offsetInWhole() + begin - stretch.offset(),
                    stretch.kind(),
                    end - begin));
          }
        }
      }
      before += owned.length();
    }
    return stretches;
  }

  /// What a variable over this stretch is called in a graph.
  String name(String variable) {
    return number == 0 ? variable : variable + " " + number;
  }

  /// The variable of that name.
  Tensor variable(Graph graph, String variable) {
    return variable(graph, variable, DType.F32);
  }

  /// The variable of that name in a type.
  Tensor variable(Graph graph, String variable, DType type) {
    return graph.variable(name(variable), type, Shape.of(length));
  }

  /// The elements of this stretch in a buffer.
  ///
  /// @param from one of the offsets
  Buffer of(Buffer buffer, long from) {
    return buffer.slice(from, length);
  }
}
