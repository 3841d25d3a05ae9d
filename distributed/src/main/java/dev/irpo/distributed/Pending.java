package dev.irpo.distributed;

/// A collective that has been started. Its memory may not be read or written until [#await]
/// returns.
public interface Pending {
  /// Waits until the collective is done on this rank.
  ///
  /// @throws GroupFailure if it failed
  void await();

  /// Whether [#await] would return at once.
  boolean isDone();
}
