package dev.irpo.config;

/// A range of numbers with open or closed ends, written `[0, 1)`.
record Interval(double low, boolean lowIncluded, double high, boolean highIncluded, String text) {
  static Interval parse(String text) {
    int comma = text.indexOf(',');
    return new Interval(
        number(text.substring(1, comma)),
        text.startsWith("["),
        number(text.substring(comma + 1, text.length() - 1)),
        text.endsWith("]"),
        text);
  }

  private static double number(String text) {
    return switch (text.strip()) {
      case "inf" -> Double.POSITIVE_INFINITY;
      case "-inf" -> Double.NEGATIVE_INFINITY;
      case String finite -> Double.parseDouble(finite);
    };
  }

  /// False for NaN.
  boolean contains(double number) {
    return (lowIncluded ? number >= low : number > low)
        && (highIncluded ? number <= high : number < high);
  }

  boolean isEverything() {
    return low == Double.NEGATIVE_INFINITY && high == Double.POSITIVE_INFINITY;
  }
}
