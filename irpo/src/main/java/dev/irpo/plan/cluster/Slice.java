package dev.irpo.plan.cluster;

import dev.irpo.tensor.Shape;
import dev.irpo.transformer.LlamaConfig;

/// What each of the ranks that hold a model together has of it: all of it if there is one.
///
/// @param parameters number of them
/// @param trained of them that are trained
/// @param largestBucket parameters of the largest of what is sent at a time: a layer, or what lies
///   before or after all layers
/// @param layers number of them
/// @param embedDim width of the residual stream, of which every rank has all
public record Slice(long parameters, long trained, long largestBucket, int layers, int embedDim) {
  /// The slice of these sizes.
  static Slice of(LlamaConfig config, long trained) {
    long layer = config.layerShapes().values().stream().mapToLong(Shape::numElements).sum();
    return new Slice(
        config.numParameters(),
        trained,
        Math.max(layer, config.tableShape().numElements()),
        config.numLayers(),
        config.embedDim());
  }

  /// What is sent at a time.
  int buckets() {
    return layers + 2;
  }
}
