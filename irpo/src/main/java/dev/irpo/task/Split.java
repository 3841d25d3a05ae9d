package dev.irpo.task;

/// Parts of a task that share no problem.
public enum Split {
  /// What rollouts are sampled for and pairs are built from.
  TRAIN,
  /// What checkpoints and settings are chosen on.
  HELD_OUT,
  /// What is reported, and never chosen on.
  TEST
}
