package dev.irpo.plan;

/// A stage of a run with its work.
///
/// @param items what it goes through, at most
/// @param unit of the items
/// @param tokens that it samples, scores or learns from, at most
/// @param flops floating-point operations of its products and attention
/// @param seconds at least, for all these tokens
/// @param memoryBytes that the run holds then
public record Stage(
    String name,
    long items,
    String unit,
    long tokens,
    double flops,
    double seconds,
    long memoryBytes) {}
