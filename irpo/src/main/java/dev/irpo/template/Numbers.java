package dev.irpo.template;

import java.util.Optional;
import java.util.OptionalLong;

/// Values as numbers.
final class Numbers {
  private Numbers() {}

  /// A number; none where it is none.
  static Optional<Double> real(Value value) {
    return switch (value) {
      case Value.Int(long number) -> Optional.of((double) number);
      case Value.Real(double number) -> Optional.of(number);
      case Value.Bool(boolean truth) -> Optional.of(truth ? 1.0 : 0.0);
      default -> Optional.empty();
    };
  }

  /// A whole number or a truth value; none where it is neither.
  static OptionalLong whole(Value value) {
    return switch (value) {
      case Value.Int(long number) -> OptionalLong.of(number);
      case Value.Bool(boolean truth) -> OptionalLong.of(truth ? 1 : 0);
      default -> OptionalLong.empty();
    };
  }
}
