package dev.irpo.transformer;

import java.util.List;

/// How the rotary frequencies of a model are changed so that a longer context than it was first
/// trained on stays within the angles that it knows; names in messages are those of `config.json`.
///
/// Each kind is what Hugging Face's transformers computes under the same name
/// (`modeling_rope_utils.py`, version 5.18).
public sealed interface RopeScaling {
  /// The frequencies as they follow from the base.
  @SuppressWarnings("ClassInitializationDeadlock") // None is made here alone
  RopeScaling NONE = new None();

  /// A pair of columns of a head, which rotate together.
  ///
  /// @param index i, from 0 to D/2 − 1
  /// @param headDim D
  record Pair(int index, int headDim, double base) {
    /// Its frequency as it follows from the base: base^(−2i/D), in radians a position.
    public double frequency() {
      return StrictMath.pow(base, -2.0 * index / headDim);
    }
  }

  /// The frequency of one pair of columns, in radians a position.
  double frequency(Pair pair);

  /// The factor of all cosines and sines; scores of attention grow with its square.
  default double attentionFactor() {
    return 1;
  }

  /// Checks that the scaling fits heads of that width.
  ///
  /// @throws IllegalArgumentException if it does not
  default void requireHead(int headDim) {}

  /// Changes nothing.
  record None() implements RopeScaling {
    @Override
    public double frequency(Pair pair) {
      return pair.frequency();
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
    public double frequency(Pair pair) {
      return pair.frequency() / factor;
    }
  }

  /// A base that grows with sequences of more than `max_position_embeddings` tokens. There are none
  /// here, and up to that length the frequencies follow from the base.
  ///
  /// @param factor of the longer ones, at least 1
  record Dynamic(double factor) implements RopeScaling {
    /// Checks the factor.
    ///
    /// @throws IllegalArgumentException if it is out of range
    public Dynamic {
      requireFactor(factor);
    }

    @Override
    public double frequency(Pair pair) {
      return pair.frequency();
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
  /// Source: `apply_scaling` in the reference code of Llama 3.1 (meta-llama/llama-models).
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
      requireContext(originalMaxPositions);
    }

    @Override
    public double frequency(Pair pair) {
      double frequency = pair.frequency();
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

  /// A divisor for each pair: frequency / divisorᵢ, as LongRoPE finds them by search (Ding et al.
  /// 2024, arXiv:2402.13753) and as GGUF's `rope_freqs` has them.
  ///
  /// @param divisors D/2 numbers above 0
  /// @param attentionFactor above 0
  record Divided(List<Double> divisors, double attentionFactor) implements RopeScaling {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is out of range
    public Divided {
      divisors = List.copyOf(divisors);
      for (double divisor : divisors) {
        requirePositive("a factor of longrope", divisor);
      }
      requirePositive("attention_factor", attentionFactor);
    }

    @Override
    public void requireHead(int headDim) {
      if (divisors.size() != headDim / 2) {
        throw new IllegalArgumentException(
            "longrope has %d factors, heads of %d columns need %d; fix config.json"
                .formatted(divisors.size(), headDim, headDim / 2));
      }
    }

    @Override
    public double frequency(Pair pair) {
      return pair.frequency() / divisors.get(pair.index());
    }
  }

  /// The first pairs rotate, the others stay as they are.
  ///
  /// ```text
  /// i < ⌊part · D / 2⌋:  frequency / factor        else: 0
  /// ```
  ///
  /// @param part of a head that rotates, from 0 to 1
  /// @param factor by how much the context grows, at least 1
  record Proportional(double part, double factor) implements RopeScaling {
    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is out of range
    public Proportional {
      requireFactor(factor);
      if (!(part >= 0 && part <= 1)) {
        throw new IllegalArgumentException(
            "partial_rotary_factor is %s, it must be 0 to 1; fix config.json".formatted(part));
      }
    }

    @Override
    public double frequency(Pair pair) {
      boolean rotates = pair.index() < Math.floor(part * pair.headDim() / 2);
      return rotates ? pair.frequency() / factor : 0;
    }
  }

  /// YaRN (Peng et al. 2023, arXiv:2309.00071, section 3.2): as in [Llama3] slow columns are
  /// interpolated and fast ones stay, but those between are mixed by their index.
  ///
  /// ```text
  /// index(turns) = D · ln(originalMaxPositions / (2π · turns)) / (2 · ln base)
  /// low  = max(index(betaFast), 0)        high = min(index(betaSlow), D − 1)
  ///        truncate: ⌊index⌋                     truncate: ⌈index⌉
  /// s    = (i − low) / (high − low) within 0 … 1
  /// frequency · (1−s) + frequency / factor · s
  /// ```
  ///
  /// @param factor by how much the context grows, at least 1
  /// @param originalMaxPositions first context in tokens
  /// @param betaFast turns over the first context from which a pair stays; 32
  /// @param betaSlow turns up to which a pair is interpolated; 1, at most betaFast
  /// @param truncate whether low and high are whole numbers
  /// @param attentionFactor above 0; 0.1 · ln(factor) + 1 in the paper
  record Yarn(
      double factor,
      int originalMaxPositions,
      double betaFast,
      double betaSlow,
      boolean truncate,
      double attentionFactor)
      implements RopeScaling {
    /// Keeps low and high apart, so that a pair at both stays.
    private static final double LEAST_WIDTH = 0.001;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is out of range
    public Yarn {
      requireFactor(factor);
      requireContext(originalMaxPositions);
      requirePositive("attention_factor", attentionFactor);
      requirePositive("beta_fast", betaFast);
      if (!(betaSlow > 0 && betaSlow <= betaFast)) {
        throw new IllegalArgumentException(
            "beta_slow %s must be above 0 and at most beta_fast %s; fix config.json"
                .formatted(betaSlow, betaFast));
      }
    }

    /// The attention factor that the paper recommends (Eq. 22), its logarithm weighted.
    public static double recommendedAttentionFactor(double factor, double weight) {
      return factor <= 1 ? 1 : 0.1 * weight * StrictMath.log(factor) + 1;
    }

    @Override
    public double frequency(Pair pair) {
      double low = index(pair, betaFast);
      double high = index(pair, betaSlow);
      low = Math.max(truncate ? Math.floor(low) : low, 0);
      high = Math.min(truncate ? Math.ceil(high) : high, pair.headDim() - 1);
      double width = high == low ? LEAST_WIDTH : high - low;
      double slow = Math.clamp((pair.index() - low) / width, 0, 1);
      double frequency = pair.frequency();
      return frequency / factor * slow + frequency * (1 - slow);
    }

    private double index(Pair pair, double turns) {
      double positionsPerTurn = originalMaxPositions / (turns * 2 * Math.PI);
      return pair.headDim() * StrictMath.log(positionsPerTurn) / (2 * StrictMath.log(pair.base()));
    }
  }

  private static void requireFactor(double factor) {
    if (!(factor >= 1) || Double.isInfinite(factor)) {
      throw new IllegalArgumentException(
          "the factor of the scaled positions is %s, it must be at least 1; fix config.json"
              .formatted(factor));
    }
  }

  private static void requireContext(int originalMaxPositions) {
    if (originalMaxPositions <= 0) {
      throw new IllegalArgumentException(
          "original_max_position_embeddings is %d, it must be positive; fix config.json"
              .formatted(originalMaxPositions));
    }
  }

  private static void requirePositive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(
          "%s is %s, it must be a positive number; fix config.json".formatted(name, value));
    }
  }
}
