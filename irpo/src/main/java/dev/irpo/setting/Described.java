package dev.irpo.setting;

/// A choice that says for itself what it means: an enum whose constants do is documented by them,
/// so that a new constant is in every comment and page.
public interface Described {
  /// What it means, in one line.
  String description();
}
