package dev.irpo.pair;

/// A response that may become half of a pair.
///
/// @param sample number among the prompt's samples, [PreferencePair#GOLD] for the gold solution
/// @param referenceLogProb ln M_t(response | prompt), in nats
public record Candidate(int sample, int[] ids, float referenceLogProb) {}
