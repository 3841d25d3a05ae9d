/// Packed batches: sequences end to end in a fixed number of rows, with no padding between them.
///
/// A program has static shapes, so a micro-batch is a [dev.irpo.transformer.packing.Budget] of
/// rows. A [dev.irpo.transformer.packing.SharedPrompt] puts its prompt there once and its responses
/// after it, each a segment whose parent is the prompt's segment:
///
/// ```text
/// rows       x x x x | c c c | r r | x x x | c c c c | …      segment: first row, length, parent
/// positions  0 1 2 3 | 4 5 6 | 4 5 | 0 1 2 | 3 4 5 6 | …
/// ```
///
/// The result is a log-probability at each scored position, which is a row with the target token
/// that it predicts. The first token of every response is predicted at the prompt's last row, and
/// the last token of a response needs no row because it predicts nothing. Each scored position
/// belongs to one item of the micro-batch and to one of the sums that a loss asks for.
///
/// Programs exist for a few sizes of micro-batch, the shape buckets of
/// [dev.irpo.transformer.packing.BudgetBuckets], and a batch runs on the smallest that holds it. A
/// row's result is the same on each.
package dev.irpo.transformer.packing;
