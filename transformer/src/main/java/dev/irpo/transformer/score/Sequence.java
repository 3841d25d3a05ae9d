package dev.irpo.transformer.score;

/// A prompt and one response whose tokens are to be scored. The arrays are not copied.
///
/// @param prompt token ids, at least one, with BOS where the model expects it
/// @param response token ids, perhaps none
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Sequence(int[] prompt, int[] response) {}
