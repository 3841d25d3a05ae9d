/// The train program: forward pass, loss, gradients, clipping, AdamW.
///
/// A [dev.irpo.transformer.train.Loss] is a formula over log-probabilities summed by item: it names
/// the sums and the per-item numbers that it needs, and builds a scalar and per-item metrics of
/// them. So plain token loss, DPO and whatever comes next are a few lines each, and the trainer
/// knows none of them.
///
/// ```text
/// step:   gradient ← 0;  for each micro-batch: gradient += d loss / d parameters;  AdamW once
/// ```
///
/// The loss of a step is the sum of its items' terms, so dividing by the number of items is the
/// item's weight, an input; then it does not matter how items fell into micro-batches.
package dev.irpo.transformer.train;
