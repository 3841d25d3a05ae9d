/// Models that several processes hold together, each a slice of every layer.
///
/// A process has some attention heads and some columns of the feed-forward layer, and computes all
/// rows with them. Twice a layer the processes add up what they have, so that the residual stream
/// is whole, and the same, in all of them (Shoeybi et al. 2019, arXiv:1909.08053, section 3):
///
/// ```text
///                 all processes           each its own                  all processes
/// attention   x ─ rmsNorm ─ enter ─ q, k, v of its heads ─ attention ─ o columns ─ leave ─ + x
/// FFN         x ─ rmsNorm ─ enter ─ gate, up rows ─ swiGlu ─ down columns ──────── leave ─ + x
///
/// enter       forward nothing             backward Σ over processes
/// leave       forward Σ over processes    backward nothing
/// ```
///
/// [TensorParallel][dev.irpo.transformer.parallel.TensorParallel] is what a process knows of the
/// division; the operations of the sums are here as well. Embedding, head and normalisations are
/// whole everywhere and stay the same, because everybody computes the same with them.
package dev.irpo.transformer.parallel;
