package dev.irpo.evaluate;

import java.util.List;

/// What several samples of each problem come to.
///
/// @param majority of the answer that most of them give
/// @param passAt that at least one of k is right, by ascending k
public record SampledAccuracy(Accuracy majority, List<PassRate> passAt) {}
