package dev.irpo.plan.cluster;

import dev.irpo.tensor.Shape;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.ParameterLayout;
import java.util.Map;
import java.util.SequencedMap;

/// What each of the ranks that hold a model together has of it: all of it if there is one.
///
/// @param parameters number of them
/// @param trained of them that are trained
/// @param frozen of the others that take memory: all on GPUs, vectors where matrices are read from
///   maps of files
/// @param largestBucket parameters of the largest of what is sent at a time: a layer, or what lies
///   before or after all layers
/// @param layers number of them
/// @param embedDim width of the residual stream, of which every rank has all
public record Slice(
    long parameters, long trained, long frozen, long largestBucket, int layers, int embedDim) {
  /// The slice of these sizes.
  ///
  /// @param trained of its parameters
  /// @param isMapped whether matrices that are not are read from maps of files
  static Slice of(LlamaConfig config, SequencedMap<String, Shape> trained, boolean isMapped) {
    long frozen =
        config.parameterShapes().entrySet().stream()
            .filter(entry -> !trained.containsKey(entry.getKey()))
            .map(Map.Entry::getValue)
            .filter(shape -> !isMapped || shape.rank() == 1)
            .mapToLong(Shape::numElements)
            .sum();
    long layer = config.layerShapes().values().stream().mapToLong(Shape::numElements).sum();
    return new Slice(
        config.numParameters(),
        ParameterLayout.of(trained).numElements(),
        frozen,
        Math.max(layer, config.tableShape().numElements()),
        config.numLayers(),
        config.embedDim());
  }

  /// What is sent at a time.
  int buckets() {
    return layers + 2;
  }
}
