package dev.irpo.transformer;

/// A model gives numbers that are not finite: its weights are damaged, or training diverged.
public final class NotFiniteException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private static final String WAY_OUT = "its weights are damaged or training diverged";

  private final String fact;
  private final long item;

  /// @param fact what is not finite, with the number
  /// @param item that it was computed for: the key of a problem, or an index in a list
  public NotFiniteException(String fact, long item) {
    super(fact + "; " + WAY_OUT);
    this.fact = fact;
    this.item = item;
  }

  /// What is not finite, with the number.
  public String fact() {
    return fact;
  }

  /// What it was computed for.
  public long item() {
    return item;
  }

  /// The same with where that was, for people.
  public NotFiniteException in(String place) {
    NotFiniteException placed = new NotFiniteException(place + ": " + fact, item);
    placed.initCause(this);
    return placed;
  }
}
