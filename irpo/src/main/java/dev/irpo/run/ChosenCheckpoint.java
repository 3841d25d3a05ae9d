package dev.irpo.run;

/// Which checkpoint of a training is kept.
///
/// @param step of the checkpoint
/// @param totalSteps of the training
public record ChosenCheckpoint(int step, int totalSteps) {}
