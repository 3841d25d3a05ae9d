package dev.irpo.transformer;

import java.util.Set;

/// What the layers of a model have besides those of Llama. Parameters, forward pass, cached
/// decoding, slices, counts and files all follow from it (`docs/decisions/0017-families.md`).
///
/// @param family names, and the parts that all of its layers have
public record LayerSpec(Family family) {
  /// Llama's own layers.
  public static final LayerSpec LLAMA = new LayerSpec(Family.LLAMA);

  /// What all layers have besides Llama's parts.
  public Set<LayerPart> parts() {
    return family.parts();
  }

  /// Whether the layers have this part.
  public boolean has(LayerPart part) {
    return family.parts().contains(part);
  }
}
