package dev.irpo.plan.cluster;

/// What the busiest processor computes in a training step.
///
/// @param flops operations of both passes of all micro-batches
/// @param forwardSeconds of the forward passes of all micro-batches
/// @param backwardSeconds of their backward passes, with what is computed again there
/// @param updateSeconds of clipping and optimizer
/// @param microBatches that a step has
/// @param rows tokens of all of them
/// @param sumsPerLayer of residual streams between those that hold a model together, both passes
public record StepWork(
    double flops,
    double forwardSeconds,
    double backwardSeconds,
    double updateSeconds,
    int microBatches,
    double rows,
    int sumsPerLayer) {}
