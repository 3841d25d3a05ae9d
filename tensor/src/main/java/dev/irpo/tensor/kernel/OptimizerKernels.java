package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;

/// The parameter update.
public interface OptimizerKernels {
  /// Elements of a block of [#squaredNorm]'s reduction tree.
  int NORM_BLOCK = 4096;

  /// `out[0] = Σ x²`, accumulated in double precision: blocks of 4096 elements in ascending order.
  void squaredNorm(Buffer out, Buffer x, long n);

  /// AdamW with decoupled decay (Loshchilov & Hutter 2019, arXiv:1711.05101, algorithm 2) after
  /// clipping by the global norm as PyTorch clips.
  ///
  /// ```text
  /// g = gradient · min(1, clipNorm / (√squaredNorm + 1e-6))      (clipNorm ≤ 0: no clipping)
  /// param ← param·(1 − rate·weightDecay)
  /// m ← β₁·m + (1 − β₁)·g          v ← β₂·v + (1 − β₂)·g²
  /// param ← param − rate · (m/(1 − β₁ᵗ)) / (√(v/(1 − β₂ᵗ)) + epsilon)
  /// param, firstMoment, secondMoment (n) updated    gradient (n), squaredNorm (1) read
  /// schedule (3) read: rate, 1 − β₁ᵗ, 1 − β₂ᵗ
  /// ```
  ///
  /// @param firstMoment m, the running mean of gradients
  /// @param secondMoment v, the running mean of squared gradients
  void adamW(
      Buffer param,
      Buffer firstMoment,
      Buffer secondMoment,
      Buffer gradient,
      Buffer squaredNorm,
      Buffer schedule,
      long n,
      AdamWSettings settings);
}
