/// Packed batches: sequences end to end in a fixed number of rows, with no padding between them.
///
/// A program has static shapes, so a micro-batch is a [dev.irpo.transformer.packing.Budget] of
/// rows. A [dev.irpo.transformer.packing.SharedPrompt] puts its prompt there once and its responses
/// behind it, each a segment whose parent is the prompt's segment:
///
/// ```text
/// rows       x x x x | c c c | r r | x x x | c c c c | …      segment: first row, length, parent
/// positions  0 1 2 3 | 4 5 6 | 4 5 | 0 1 2 | 3 4 5 6 | …
/// ```
///
/// What is read off are entries: the log-probability of a target token at a row. A response's first
/// token is predicted at the prompt's last row, whichever response it is, and the last token of a
/// response needs no row because it predicts nothing. Each entry belongs to one of the sums that a
/// loss asks for, and to one item of the micro-batch.
///
/// Programs exist for a [dev.irpo.transformer.packing.BudgetLadder] of budgets and are compiled
/// when first needed; a batch runs on the smallest that holds it. A row's result is the same on
/// each.
package dev.irpo.transformer.packing;
