/// The train program: forward pass, loss, gradients, clipping, AdamW.
///
/// A [dev.irpo.transformer.train.Loss] is a formula over what it asks of its items, which are of
/// one of three kinds ([dev.irpo.transformer.train.TrainItem]): pairs, single responses, responses
/// with a label. It asks with handles: a [dev.irpo.transformer.train.LogProb] is summed over the
/// tokens of a prompt or a response, an [dev.irpo.transformer.train.ItemNumber] comes with the
/// item. What a loss asks for decides which tokens are computed and scored, and whether there must
/// be a reference; the trainer knows no loss.
///
/// ```text
/// terms(items): chosen = items.logProb(Pair.CHOSEN)                  (S), a number for each item
///               reference = items.number(Pair.CHOSEN_REFERENCE)      (S)
///               itemLoss, metrics = a formula of these               (S)
/// step:         gradient ← 0;  for each micro-batch: gradient += d loss / d parameters;  AdamW once
/// ```
///
/// The loss of a step is the sum over its items, each with the weight 1 / divisor, so it does not
/// matter how items fell into micro-batches.
package dev.irpo.transformer.train;
