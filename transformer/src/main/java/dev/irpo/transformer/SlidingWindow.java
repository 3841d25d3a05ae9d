package dev.irpo.transformer;

import java.util.List;

/// Layers whose queries meet only the last keys before them (Beltagy et al. 2020, arXiv:2004.05150,
/// section 3.1; Jiang et al. 2023, arXiv:2310.06825, section 2): in those a query at position p of
/// its sequence meets the keys p − size + 1 … p, as in transformers.
///
/// @param size keys that a query meets at most, its own included; 0 where no layer has a window
/// @param layers which have it, ascending from 0
public record SlidingWindow(int size, List<Integer> layers) {
  /// Every query meets all keys before it.
  public static final SlidingWindow NONE = new SlidingWindow(0, List.of());

  /// Checks that a window has a size and layers, or neither.
  ///
  /// @throws IllegalArgumentException if it has not
  public SlidingWindow {
    layers = List.copyOf(layers);
    if (size < 0 || (size == 0) != layers.isEmpty()) {
      throw new IllegalArgumentException(
          "a window of %d positions in layers %s; give it 1 at least, and layers"
              .formatted(size, layers));
    }
  }

  /// Keys that a query of a layer meets at most, 0 for all.
  public int of(int layer) {
    return layers.contains(layer) ? size : 0;
  }

  /// That of a model which has the first so many layers alone.
  SlidingWindow ofFirst(int numLayers) {
    List<Integer> left = layers.stream().filter(layer -> layer < numLayers).toList();
    return left.isEmpty() ? NONE : new SlidingWindow(size, left);
  }
}
