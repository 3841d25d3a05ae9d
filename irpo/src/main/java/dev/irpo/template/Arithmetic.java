package dev.irpo.template;

import java.util.Optional;

/// Signs between numbers, with their meaning in Python.
enum Arithmetic {
  ADD("+"),
  SUBTRACT("-"),
  MULTIPLY("*"),
  DIVIDE("/"),
  FLOOR_DIVIDE("//"),
  REMAINDER("%"),
  POWER("**");

  private final String sign;

  Arithmetic(String sign) {
    this.sign = sign;
  }

  String sign() {
    return sign;
  }

  /// The sum and so on of two numbers; a truth value is 0 or 1.
  ///
  /// @return none where one is no number
  /// @throws ArithmeticException if there is none, or none below 2⁶³
  Optional<Value> ofNumbers(Value left, Value right) {
    if (left instanceof Value.Bool bool) {
      return ofNumbers(new Value.Int(bool.value() ? 1 : 0), right);
    }
    if (right instanceof Value.Bool bool) {
      return ofNumbers(left, new Value.Int(bool.value() ? 1 : 0));
    }
    if (left instanceof Value.Int a && right instanceof Value.Int b) {
      return Optional.of(whole(a.value(), b.value()));
    }
    Optional<Double> a = Numbers.real(left);
    Optional<Double> b = Numbers.real(right);
    return a.isEmpty() || b.isEmpty()
        ? Optional.empty()
        : Optional.of(new Value.Real(real(a.get(), b.get())));
  }

  private Value whole(long a, long b) {
    return switch (this) {
      case ADD -> new Value.Int(Math.addExact(a, b));
      case SUBTRACT -> new Value.Int(Math.subtractExact(a, b));
      case MULTIPLY -> new Value.Int(Math.multiplyExact(a, b));
      case DIVIDE -> new Value.Real(real((double) a, (double) b));
      case FLOOR_DIVIDE -> new Value.Int(Math.floorDivExact(a, b));
      case REMAINDER -> new Value.Int(Math.floorMod(a, b));
      case POWER ->
          b < 0
              ? new Value.Real(real((double) a, (double) b))
              : new Value.Int(Math.powExact(a, Math.toIntExact(b)));
    };
  }

  private double real(double a, double b) {
    if (b == 0 && (this == DIVIDE || this == FLOOR_DIVIDE || this == REMAINDER)) {
      throw new ArithmeticException("/ by zero");
    }
    return switch (this) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / b;
      case FLOOR_DIVIDE -> Math.floor(a / b);
      case REMAINDER -> remainder(a, b);
      case POWER -> Math.pow(a, b);
    };
  }

  /// With the sign of b.
  private static double remainder(double a, double b) {
    double remainder = a % b;
    return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
  }
}
