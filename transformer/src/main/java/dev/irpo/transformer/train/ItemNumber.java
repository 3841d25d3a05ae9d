package dev.irpo.transformer.train;

import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// A number that comes with each item, for instance what a length is divided by.
///
/// @param <I> the kind of items
public final class ItemNumber<I extends TrainItem> {
  private final String name;
  private final ToDoubleFunction<I> value;
  private final Optional<LogProb<I>> underReference;

  private ItemNumber(String name, ToDoubleFunction<I> value, Optional<LogProb<I>> underReference) {
    this.name = name;
    this.value = value;
    this.underReference = underReference;
  }

  /// A number that follows from the item alone.
  ///
  /// @param name not that of another number of the same loss
  public ItemNumber(String name, ToDoubleFunction<I> value) {
    this(name, value, Optional.empty());
  }

  /// A log-probability under the frozen reference model; a loss that asks for none needs no
  /// reference.
  static <I extends TrainItem> ItemNumber<I> underReference(
      LogProb<I> logProb, ToDoubleFunction<I> value) {
    return new ItemNumber<>(logProb.part() + "Reference", value, Optional.of(logProb));
  }

  /// What the graph's input is called.
  public String name() {
    return name;
  }

  /// What this is under the reference, if it is such a number.
  public Optional<LogProb<I>> underReference() {
    return underReference;
  }

  /// Its value.
  public double of(I item) {
    return value.applyAsDouble(item);
  }
}
