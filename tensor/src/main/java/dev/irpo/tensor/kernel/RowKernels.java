package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;

/// Operations that treat each row by itself, and the gathers and scatters of whole rows.
public interface RowKernels {
  /// Picks rows: the embedding of tokens, the hidden states that are scored.
  ///
  /// ```text
  /// out[i,c] = x[index[i],c]
  /// out (I, C) written    x (R, C) read    index (I) read
  /// ```
  void gatherRows(Buffer out, Buffer x, Buffer index, int count, int embedDim);

  /// Gradient of [#gatherRows], added in ascending order of i, so that a row picked twice gets
  /// both.
  ///
  /// ```text
  /// dX[index[i],c] += dOut[i,c]
  /// dX (R, C) updated    dOut (I, C) read    index (I) read
  /// ```
  void scatterAddRows(Buffer dX, Buffer dOut, Buffer index, int count, int embedDim);

  /// Root-mean-square normalisation of each row (Zhang & Sennrich 2019, arXiv:1910.07467, Eq. 4).
  ///
  /// ```text
  /// out[r,c] = x[r,c] / sqrt(mean over c of x[r,c]² + eps) · weight[c]
  /// out (R, C) written    x (R, C) read    weight (C) read
  /// ```
  ///
  /// @param eps added to the mean square, so in units of x squared; Llama 2 uses 1e-5
  void rmsNorm(Buffer out, Buffer x, Buffer weight, int rows, int embedDim, double eps);

  /// Gradient of [#rmsNorm] with respect to its input. With s = 1/sqrt(mean x² + eps):
  ///
  /// ```text
  /// dX[r,c] = s·weight[c]·dOut[r,c] − x[r,c]·s³/C · Σ_j dOut[r,j]·weight[j]·x[r,j]
  /// dX (R, C) written    dOut, x (R, C) read    weight (C) read
  /// ```
  void rmsNormInputGradient(
      Buffer dX, Buffer dOut, Buffer x, Buffer weight, int rows, int embedDim, double eps);

  /// Gradient of [#rmsNorm] with respect to its weight, added in ascending order of rows.
  ///
  /// ```text
  /// dWeight[c] += Σ_r dOut[r,c]·x[r,c]·s[r]
  /// dWeight (C) updated    dOut, x (R, C) read
  /// ```
  void rmsNormWeightGradient(
      Buffer dWeight, Buffer dOut, Buffer x, int rows, int embedDim, double eps);

  /// Rotary position embedding (Su et al. 2021, arXiv:2104.09864, Eq. 34) in the layout of Hugging
  /// Face checkpoints: columns i and i + D/2 of a head rotate as a pair.
  ///
  /// ```text
  /// out[i]       = x[i]·cos[p,i] − direction · x[i+D/2]·sin[p,i]      p = positions[r], i < D/2
  /// out[i + D/2] = x[i+D/2]·cos[p,i] + direction · x[i]·sin[p,i]
  /// out, x (R, H·D)    positions (R)    angles (P, D): D/2 cosines, then D/2 sines
  /// ```
  ///
  /// @param direction 1 forward, −1 for the gradient, which rotates back
  void rope(
      Buffer out,
      Buffer x,
      Buffer positions,
      Buffer angles,
      int rows,
      int numHeads,
      int headDim,
      int direction);
}
