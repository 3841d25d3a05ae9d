package dev.irpo.tensor.kernel;

import dev.irpo.tensor.Buffer;

/// Causal attention with grouped queries (Ainslie et al. 2023, arXiv:2305.13245) over packed rows
/// and over a cache.
///
/// For a query at position i of its sequence, with keys and values j = f…i of the same sequence; f
/// is 0, or i + 1 − w with a window of w positions where that is more (Beltagy et al. 2020,
/// arXiv:2004.05150, section 3.1; Jiang et al. 2023, arXiv:2310.06825, section 2):
///
/// ```text
/// s[j] = q·k[j] / √D      logSumExp = ln Σ_j exp(s[j])      out = Σ_j exp(s[j] − logSumExp)·v[j]
/// ```
///
/// On `cpu` the result of a row depends on its sequence alone: scores are chains over D, the
/// softmax sum has 16 partial sums chosen by j mod 16, the weighted values are a chain over j. So
/// packed and cached attention give the same bits. A key before f adds nothing to any of these
/// sums: it is left out, or its exponential is 0.
public interface AttentionKernels {
  /// Columns of a segment table: first row, length, index of the parent segment or −1.
  int SEGMENT_COLUMNS = 3;

  /// Positions in one block of a key-value cache.
  int CACHE_BLOCK = 32;

  /// What a head's width in a key-value cache is a multiple of.
  int CACHE_PANEL = 32;

  /// Columns of a cache table: first cache block of the row's own sequence part, the row's place in
  /// that part, first cache block of the shared prefix, length of the shared prefix (0: none).
  int CACHE_COLUMNS = 4;

  /// Blocks of a key-value cache that hold so many positions.
  static int cacheBlocks(int positions) {
    return Math.ceilDiv(positions, CACHE_BLOCK);
  }

  /// Elements W that a head of width D takes at each position of a key-value cache: whole panels of
  /// 32, as wide as the widest vectors make them.
  static int cacheRowWidth(int headDim) {
    return Math.ceilDiv(headDim, CACHE_PANEL) * CACHE_PANEL;
  }

  /// Attention over sequences that lie end to end in R rows. A segment's sequence is its parent's
  /// rows followed by its own. Children follow their parent directly in the table, parents have no
  /// parent, unused table rows have length 0. Rows that no segment covers become zero.
  ///
  /// ```text
  /// out (R, H·D) written    logSumExp (R, H) written
  /// q (R, H·D)    k, v (R, G·D)    segments (S, 3) read
  /// ```
  void packedAttention(
      Buffer out,
      Buffer logSumExp,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer segments,
      AttentionSizes sizes);

  /// Gradient of [#packedAttention] (Dao et al. 2022, arXiv:2205.14135, appendix B.2).
  ///
  /// ```text
  /// p[j] = exp(s[j] − logSumExp)      δ = dOut·out
  /// ds[j] = p[j]·(dOut·v[j] − δ)/√D
  /// dQ = Σ_j ds[j]·k[j]      dK[j] = Σ_i ds[j]·q[i]      dV[j] = Σ_i p[j]·dOut[i]
  /// dQ (R, H·D)    dK, dV (R, G·D) written; the rest read
  /// ```
  void packedAttentionGradient(
      Buffer dQ,
      Buffer dK,
      Buffer dV,
      Buffer dOut,
      Buffer out,
      Buffer logSumExp,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer segments,
      AttentionSizes sizes);

  /// Stores the keys and values of R new rows in the cache, then attends to everything the rows'
  /// sequences hold there: shared prefix first, then the own part up to and including the row. A
  /// window counts positions of both together.
  ///
  /// ```text
  /// out (R, H·D) written    keyCache, valueCache (blocks, G, 32, W) updated
  /// q (R, H·D)    k, v (R, G·D)    table (R, 4) read, a negative first block skips the row
  /// ```
  ///
  /// A cache of bfloat16, on a device, has keys and values rounded to the nearest number.
  ///
  /// The order of elements inside a cache block belongs to the backend.
  void cachedAttention(
      Buffer out,
      Buffer keyCache,
      Buffer valueCache,
      Buffer q,
      Buffer k,
      Buffer v,
      Buffer table,
      AttentionSizes sizes);
}
