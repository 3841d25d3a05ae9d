package dev.irpo.reward;

/// A gold answer that a grader cannot compare with anything.
public final class UnreadableGold extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  /// Says in one line what is wrong with the answer.
  public UnreadableGold(String message) {
    super(message);
  }
}
