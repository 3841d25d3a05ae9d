package dev.irpo.model;

import dev.irpo.transformer.LlamaConfig;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// Sizes of models that many use, known without their weights (Touvron et al. 2023,
/// arXiv:2307.09288, and the `config.json` beside the published weights).
public final class PublishedModels {
  private static final SequencedMap<String, LlamaConfig> CONFIGS = new LinkedHashMap<>();

  static {
    CONFIGS.put(
        "tinyllama-1.1b",
        new LlamaConfig(32000, 2048, 5632, 22, 32, 4, 64, 2048, 10000, 1e-5, false, 1, List.of(2)));
    CONFIGS.put("llama-2-7b", llama2(4096, 11008, 32, 32, 32));
    CONFIGS.put("llama-2-13b", llama2(5120, 13824, 40, 40, 40));
    CONFIGS.put("llama-2-70b", llama2(8192, 28672, 80, 64, 8));
  }

  private PublishedModels() {}

  private static LlamaConfig llama2(
      int embedDim, int ffnDim, int numLayers, int numHeads, int numKvHeads) {
    int headDim = embedDim / numHeads;
    return new LlamaConfig(
        32000,
        embedDim,
        ffnDim,
        numLayers,
        numHeads,
        numKvHeads,
        headDim,
        4096,
        10000,
        1e-5,
        false,
        1,
        List.of(2));
  }

  /// The sizes of the model of that name.
  public static Optional<LlamaConfig> find(String name) {
    return Optional.ofNullable(CONFIGS.get(name));
  }

  /// All names.
  public static Set<String> names() {
    return CONFIGS.keySet();
  }
}
