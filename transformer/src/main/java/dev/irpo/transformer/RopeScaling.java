package dev.irpo.transformer;

/// How the rotary frequencies of a model are changed so that a longer context than it was first
/// trained on stays within the angles that it knows; names in messages are those of `config.json`.
public sealed interface RopeScaling {
  /// The frequencies as they follow from the base.
  RopeScaling NONE = new None();

  /// The frequency of one pair of columns.
  ///
  /// @param frequency in radians a position, as it follows from the base
  double apply(double frequency);

  /// Changes nothing.
  record None() implements RopeScaling {
    @Override
    public double apply(double frequency) {
      return frequency;
    }
  }

  /// Position interpolation: frequency / factor (Chen et al. 2023, arXiv:2306.15595, Eq. 4).
  ///
  /// @param factor by how much the context grows, at least 1
  record Linear(double factor) implements RopeScaling {
    /// Checks the factor.
    ///
    /// @throws IllegalArgumentException if it is out of range
    public Linear {
      requireFactor(factor);
    }

    @Override
    public double apply(double frequency) {
      return frequency / factor;
    }
  }

  /// What Llama 3.1 does: slow columns are interpolated, fast ones stay, those between are mixed.
  ///
  /// ```text
  /// turns = originalMaxPositions · frequency / 2π               of a pair over the first context
  /// turns < lowFreqFactor:   frequency / factor
  /// turns > highFreqFactor:  frequency
  /// else:                    (1−s) · frequency / factor + s · frequency
  ///                          s = (turns − lowFreqFactor) / (highFreqFactor − lowFreqFactor)
  /// ```
  ///
  /// Source: `apply_scaling` in the reference code of Llama 3.1 (meta-llama/llama-models), the same
  /// as `_compute_llama3_parameters` in Hugging Face's transformers.
  ///
  /// @param factor by how much the context grows, at least 1; 8 for Llama 3.1, 32 for Llama 3.2
  /// @param lowFreqFactor turns up to which a pair is interpolated; 1
  /// @param highFreqFactor turns from which a pair stays; 4, above the former
  /// @param originalMaxPositions first context in tokens; 8192
  record Llama3(
      double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositions)
      implements RopeScaling {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is out of range
    public Llama3 {
      requireFactor(factor);
      if (!(lowFreqFactor > 0 && highFreqFactor > lowFreqFactor)
          || Double.isInfinite(highFreqFactor)) {
        throw new IllegalArgumentException(
            "low_freq_factor %s must be above 0 and below high_freq_factor %s; fix config.json"
                .formatted(lowFreqFactor, highFreqFactor));
      }
      if (originalMaxPositions <= 0) {
        throw new IllegalArgumentException(
            "original_max_position_embeddings is %d, it must be positive; fix config.json"
                .formatted(originalMaxPositions));
      }
    }

    @Override
    public double apply(double frequency) {
      double turns = originalMaxPositions * frequency / (2 * Math.PI);
      if (turns < lowFreqFactor) {
        return frequency / factor;
      }
      if (turns > highFreqFactor) {
        return frequency;
      }
      double kept = (turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
      return (1 - kept) * frequency / factor + kept * frequency;
    }
  }

  private static void requireFactor(double factor) {
    if (!(factor >= 1) || Double.isInfinite(factor)) {
      throw new IllegalArgumentException(
          "the factor of the scaled positions is %s, it must be at least 1; fix config.json"
              .formatted(factor));
    }
  }
}
