package dev.irpo.reward;

import java.util.Locale;

/// The versions of the graders that compare answers; a rule that changes a reward makes a new one,
/// and old runs keep theirs.
public enum GraderVersion {
  /// The rules of the first runs.
  V1,
  /// Signs, lists, powers and sentences are read as a whole or not at all.
  V2;

  /// What new configurations use.
  public static final GraderVersion LATEST = V2;

  /// The name of a grader in this version, for instance `number-v2`.
  String name(String kind) {
    return kind + "-" + name().toLowerCase(Locale.ROOT);
  }
}
