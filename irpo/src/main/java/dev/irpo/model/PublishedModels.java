package dev.irpo.model;

import dev.irpo.tensor.DType;
import dev.irpo.transformer.LayerSpec;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.RopeScaling;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/// Sizes of widely used models, known without their weights: what the `config.json` beside the
/// published weights says (Llama 2: Touvron et al. 2023, arXiv:2307.09288; TinyLlama: Zhang et al.
/// 2024, arXiv:2401.02385; SmolLM2: Allal et al. 2025, arXiv:2502.02737; Llama 3: Grattafiori et
/// al. 2024, arXiv:2407.21783).
public final class PublishedModels {
  /// What their weights are published in; those of Llama 2 are of [DType#F16], as wide.
  public static final DType TYPE = DType.BF16;

  private static final double RMS_EPS = 1e-5;
  private static final SequencedMap<String, LlamaConfig> CONFIGS = new LinkedHashMap<>();

  static {
    CONFIGS.put("llama-2-7b", llama2(new Sizes(4096, 11008, 32, 32, 32)));
    CONFIGS.put("llama-2-13b", llama2(new Sizes(5120, 13824, 40, 40, 40)));
    CONFIGS.put("llama-2-70b", llama2(new Sizes(8192, 28672, 80, 64, 8)));
    CONFIGS.put("tinyllama-1.1b", tinyLlama(new Sizes(2048, 5632, 22, 32, 4)));
    CONFIGS.put("smollm2-135m", smolLm2(new Sizes(576, 1536, 30, 9, 3), 100_000));
    CONFIGS.put("smollm2-360m", smolLm2(new Sizes(960, 2560, 32, 15, 5), 100_000));
    CONFIGS.put("smollm2-1.7b", smolLm2(new Sizes(2048, 8192, 24, 32, 32), 130_000));
    CONFIGS.put("llama-3.2-1b", llama3(new Sizes(2048, 8192, 16, 32, 8), 32, true));
    CONFIGS.put("llama-3.2-3b", llama3(new Sizes(3072, 8192, 28, 24, 8), 32, true));
    CONFIGS.put("llama-3.1-8b", llama3(new Sizes(4096, 14336, 32, 32, 8), 8, false));
    CONFIGS.put("llama-3.1-70b", llama3(new Sizes(8192, 28672, 80, 64, 8), 8, false));
  }

  private PublishedModels() {}

  private record Sizes(int embedDim, int ffnDim, int numLayers, int numHeads, int numKvHeads) {
    LlamaConfig config(
        int vocabSize, int maxPositions, Rope rope, boolean tiedHead, int bosId, int eosId) {
      return new LlamaConfig(
          LayerSpec.LLAMA,
          vocabSize,
          embedDim,
          ffnDim,
          numLayers,
          numHeads,
          numKvHeads,
          embedDim / numHeads,
          maxPositions,
          rope.base,
          rope.scaling,
          RMS_EPS,
          tiedHead,
          bosId,
          List.of(eosId));
    }
  }

  private record Rope(double base, RopeScaling scaling) {}

  private static LlamaConfig llama2(Sizes sizes) {
    return sizes.config(32_000, 4096, new Rope(10_000, RopeScaling.NONE), false, 1, 2);
  }

  private static LlamaConfig tinyLlama(Sizes sizes) {
    return sizes.config(32_000, 2048, new Rope(10_000, RopeScaling.NONE), false, 1, 2);
  }

  private static LlamaConfig smolLm2(Sizes sizes, double ropeBase) {
    return sizes.config(49_152, 8192, new Rope(ropeBase, RopeScaling.NONE), true, 0, 0);
  }

  private static LlamaConfig llama3(Sizes sizes, double factor, boolean tiedHead) {
    Rope rope = new Rope(500_000, new RopeScaling.Llama3(factor, 1, 4, 8192));
    return sizes.config(128_256, 131_072, rope, tiedHead, 128_000, 128_001);
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
