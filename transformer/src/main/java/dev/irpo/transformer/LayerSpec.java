package dev.irpo.transformer;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// What the layers of a model have besides those of Llama. Parameters, forward pass, cached
/// decoding, slices, counts and files all follow from it (`docs/decisions/0017-families.md`).
///
/// @param family names, and the parts that all of its layers have
/// @param unrotated layers whose queries and keys do not know their place, ascending from 0
/// @param window layers whose queries meet only the last keys before them
/// @param adapter what is added to their linear layers
public record LayerSpec(
    Family family, List<Integer> unrotated, SlidingWindow window, Optional<Adapter> adapter) {
  /// Llama's own layers.
  public static final LayerSpec LLAMA = new LayerSpec(Family.LLAMA, List.of());

  /// Checks that layers are unrotated or have a window only in a family that has such.
  ///
  /// @throws IllegalArgumentException if they are
  public LayerSpec {
    unrotated = List.copyOf(unrotated);
    if (!unrotated.isEmpty() && !family.parts().contains(LayerPart.UNROTATED_LAYERS)) {
      throw new IllegalArgumentException(
          "layers %s of a %s do not rotate; use another family"
              .formatted(unrotated, family.modelType()));
    }
    if (window.size() > 0 && family.windows() == Family.Windows.NONE) {
      throw new IllegalArgumentException(
          "layers %s of a %s have a window of %d positions; use another family"
              .formatted(window.layers(), family.modelType(), window.size()));
    }
  }

  /// Layers without a window, to which nothing is added.
  ///
  /// @throws IllegalArgumentException if layers are unrotated in a family that has no such
  public LayerSpec(Family family, List<Integer> unrotated) {
    this(family, unrotated, SlidingWindow.NONE, Optional.empty());
  }

  /// The same with another adapter, or none.
  public LayerSpec withAdapter(Optional<Adapter> other) {
    return new LayerSpec(family, unrotated, window, other);
  }

  /// The last of each so many layers.
  ///
  /// @param interval 0 for none
  public static List<Integer> lastOfEach(int interval, int numLayers) {
    return interval == 0
        ? List.of()
        : IntStream.range(0, numLayers)
            .filter(layer -> (layer + 1) % interval == 0)
            .boxed()
            .toList();
  }

  /// That of a model which has the first so many layers alone.
  public LayerSpec ofFirst(int numLayers) {
    return new LayerSpec(
        family,
        unrotated.stream().filter(layer -> layer < numLayers).toList(),
        window.ofFirst(numLayers),
        adapter);
  }

  /// What all layers have besides Llama's parts.
  public Set<LayerPart> parts() {
    return family.parts();
  }

  /// Whether the layers have this part.
  public boolean has(LayerPart part) {
    return family.parts().contains(part);
  }

  /// Whether the queries and keys of a layer are rotated by their places.
  public boolean rotates(int layer) {
    return !unrotated.contains(layer);
  }
}
