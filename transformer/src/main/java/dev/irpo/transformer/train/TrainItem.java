package dev.irpo.transformer.train;

import dev.irpo.transformer.packing.SharedPrompt;

/// One item of a step: a pair, or a text.
///
/// @param tokens sums are numbered as in [Loss#sums()]
/// @param inputs numbers in the order of [Loss#inputs()]
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record TrainItem(SharedPrompt tokens, float[] inputs) {}
