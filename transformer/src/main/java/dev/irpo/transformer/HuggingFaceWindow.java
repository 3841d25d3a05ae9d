package dev.irpo.transformer;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// Reads and writes the keys of a Hugging Face `config.json` that say which layers attend to a
/// window of the positions before them.
///
/// A window as wide as the context leaves nothing out and is none. Which layers have a narrower one
/// is named by `layer_types`, else follows from the family ([Family.Windows]). Source:
/// `configuration_*.py` and `masking_utils.py` of transformers 5.18.
///
/// @param values of config.json, with what the family says of absent keys
/// @param unrotated layers that do not rotate
record HuggingFaceWindow(
    Family family, Map<String, ?> values, int numLayers, List<Integer> unrotated) {
  private static final String SIZE = "sliding_window";
  private static final String IN_USE = "use_sliding_window";
  private static final String FIRST_LAYER = "max_window_layers";
  private static final String TYPES = "layer_types";
  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";

  /// @param maxPositions `max_position_embeddings`
  /// @throws IllegalArgumentException in one line if the family has no windows, or the keys
  ///   contradict each other
  SlidingWindow read(int maxPositions) {
    int size = isOn() && values.get(SIZE) != null ? size() : 0;
    Optional<List<Integer>> named = named();
    if (size >= maxPositions) {
      return SlidingWindow.NONE;
    }
    if (size > 0 && family.windows() == Family.Windows.NONE) {
      throw new IllegalArgumentException(
          "config.json: sliding_window is %d of %d positions, only full attention is supported in a %s; use such a model"
              .formatted(size, maxPositions, family.modelType()));
    }
    List<Integer> layers = size == 0 ? List.of() : layersOfFamily();
    boolean isFree = size > 0 && family.windows() != Family.Windows.ALL_LAYERS;
    if (named.isPresent() && !isFree && !named.get().equals(layers)) {
      throw new IllegalArgumentException(
          "config.json: layer_types is %s, only %s is supported where sliding_window is %s; use such a model"
              .formatted(
                  values.get(TYPES), size == 0 ? FULL : SLIDING, size == 0 ? "not in use" : size));
    }
    List<Integer> used = named.orElse(layers);
    return used.isEmpty() ? SlidingWindow.NONE : new SlidingWindow(size, used);
  }

  /// transformers' classes of families with a window in all layers do not read
  /// `use_sliding_window`.
  private boolean isOn() {
    return switch (family.windows()) {
      case ALL_LAYERS -> true;
      case NONE -> !Boolean.FALSE.equals(values.get(IN_USE));
      case LATER_LAYERS, UNROTATED_LAYERS -> Boolean.TRUE.equals(values.get(IN_USE));
    };
  }

  private int size() {
    int size = HuggingFaceConfig.integer(SIZE, values.get(SIZE));
    if (size < 1) {
      throw new IllegalArgumentException(
          "config.json: sliding_window is %d, it must be 1 at least, or null for none"
              .formatted(size));
    }
    return size;
  }

  private List<Integer> layersOfFamily() {
    return switch (family.windows()) {
      case NONE -> List.of();
      case ALL_LAYERS -> range(0);
      case LATER_LAYERS -> range(HuggingFaceConfig.integer(FIRST_LAYER, values.get(FIRST_LAYER)));
      case UNROTATED_LAYERS -> unrotated;
    };
  }

  private List<Integer> range(int first) {
    return IntStream.range(Math.clamp(first, 0, numLayers), numLayers).boxed().toList();
  }

  /// The layers with a window, where layers are named.
  private Optional<List<Integer>> named() {
    if (!(values.get(TYPES) instanceof List<?> types)) {
      return Optional.empty();
    }
    if (types.stream().allMatch(FULL::equals)) {
      return Optional.of(List.of());
    }
    if (types.size() != numLayers || !List.of(FULL, SLIDING).containsAll(types)) {
      throw new IllegalArgumentException(
          "config.json: layer_types is %s, only full_attention or sliding_attention for each of %d layers is supported; use such a model"
              .formatted(types, numLayers));
    }
    return Optional.of(
        IntStream.range(0, numLayers)
            .filter(layer -> types.get(layer).equals(SLIDING))
            .boxed()
            .toList());
  }

  /// Adds the keys that a family's class reads; null where it would take an absent one for a
  /// window.
  static void write(LlamaConfig config, Map<String, Object> json) {
    SlidingWindow window = config.layers().window();
    Family family = config.layers().family();
    boolean isOn = window.size() > 0;
    if (isOn || family.defaults().containsKey(SIZE)) {
      json.put(SIZE, isOn ? window.size() : null);
    }
    if (!isOn || family.windows() == Family.Windows.ALL_LAYERS) {
      return;
    }
    json.put(IN_USE, true);
    json.put(
        TYPES,
        IntStream.range(0, config.numLayers())
            .mapToObj(layer -> window.of(layer) > 0 ? SLIDING : FULL)
            .toList());
    int first = window.layers().getFirst();
    boolean isUpper = window.layers().size() == config.numLayers() - first;
    if (family.windows() == Family.Windows.LATER_LAYERS && isUpper) {
      json.put(FIRST_LAYER, first); // all that releases before layer_types read
    }
  }
}
