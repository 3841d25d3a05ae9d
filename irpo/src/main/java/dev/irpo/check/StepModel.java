package dev.irpo.check;

import dev.irpo.transformer.LlamaConfig;
import java.util.Locale;

/// The model whose whole steps are timed: that of the check, with fewer layers where weights,
/// gradients and moments would take too much memory, and with a smaller vocabulary where one layer
/// does.
///
/// @param config its sizes
/// @param wholeLayers of the model of the check
/// @param wholeVocabulary of the model of the check
record StepModel(LlamaConfig config, int wholeLayers, int wholeVocabulary) {
  private static final int LEAST_VOCABULARY = 256;
  private static final double BYTES_PER_PARAMETER = 4 * Float.BYTES;

  /// The largest of so many bytes.
  static StepModel within(double bytes, LlamaConfig model) {
    LlamaConfig config = model;
    while (BYTES_PER_PARAMETER * config.numParameters() > bytes) {
      if (config.numLayers() > 1) {
        config = cut(config, config.vocabSize(), config.numLayers() / 2);
      } else if (config.vocabSize() / 2 >= LEAST_VOCABULARY) {
        config = cut(config, config.vocabSize() / 2, 1);
      } else {
        break;
      }
    }
    return new StepModel(config, model.numLayers(), model.vocabSize());
  }

  private static LlamaConfig cut(LlamaConfig c, int vocabSize, int numLayers) {
    return new LlamaConfig(
        c.layers().ofFirst(numLayers),
        vocabSize,
        c.embedDim(),
        c.ffnDim(),
        numLayers,
        c.numHeads(),
        c.numKvHeads(),
        c.headDim(),
        c.maxPositions(),
        c.ropeBase(),
        c.ropeScaling(),
        c.rmsEps(),
        c.tiedHead(),
        Math.min(c.bosId(), vocabSize - 1),
        c.eosIds().stream().filter(id -> id < vocabSize).toList());
  }

  /// What of the model it has.
  @Override
  public String toString() {
    String layers = part("layers", config.numLayers(), wholeLayers);
    return config.vocabSize() == wholeVocabulary
        ? layers
        : layers + ", " + part("V", config.vocabSize(), wholeVocabulary);
  }

  private static String part(String what, int some, int all) {
    return some == all
        ? String.format(Locale.ROOT, "%s %d", what, all)
        : String.format(Locale.ROOT, "%s %d of %d", what, some, all);
  }
}
