package dev.irpo.transformer.decode;

/// Decides after each token of one response whether it is complete; may keep state, for instance
/// text decoded so far.
public interface StopCondition {
  /// Never stops.
  StopCondition NEVER = (ids, length) -> false;

  /// Called for each token in order, except for one that ends the response anyway.
  ///
  /// @param ids the response so far, in the first `length` elements; must not be changed
  boolean stops(int[] ids, int length);
}
