package dev.irpo.plan;

import java.util.Locale;

/// Quantities as people read them, three or four digits and a unit.
public final class Units {
  private static final String PREFIXES = " kMGTPEZY";
  private static final double MINUTE = 60;
  private static final double HOUR = 60 * MINUTE;
  private static final double DAY = 24 * HOUR;
  private static final double YEAR = 365 * DAY;

  private Units() {}

  /// A number of bytes, in decimal units.
  public static String bytes(long bytes) {
    return prefixed((double) bytes, "B");
  }

  /// A number of floating-point operations.
  public static String flops(double flops) {
    return prefixed(flops, "FLOP");
  }

  private static String prefixed(double value, String unit) {
    double scaled = value;
    int prefix = 0;
    while (scaled >= 999.995 && prefix < PREFIXES.length() - 1) {
      scaled /= 1000;
      prefix++;
    }
    return prefix == 0
        ? String.format(Locale.ROOT, "%.0f %s", scaled, unit)
        : String.format(Locale.ROOT, "%.2f %c%s", scaled, PREFIXES.charAt(prefix), unit);
  }

  /// A duration.
  public static String seconds(double seconds) {
    if (seconds < 1) {
      return String.format(Locale.ROOT, "%.1f ms", seconds * 1e3);
    }
    if (seconds < 2 * MINUTE) {
      return String.format(Locale.ROOT, "%.1f s", seconds);
    }
    if (seconds < 2 * HOUR) {
      return String.format(Locale.ROOT, "%.1f min", seconds / MINUTE);
    }
    if (seconds < 2 * DAY) {
      return String.format(Locale.ROOT, "%.1f h", seconds / HOUR);
    }
    return seconds < 2 * YEAR
        ? String.format(Locale.ROOT, "%.1f days", seconds / DAY)
        : String.format(Locale.ROOT, "%.1f years", seconds / YEAR);
  }

  /// Tokens per second.
  public static String rate(double tokens) {
    return String.format(Locale.ROOT, tokens < 1000 ? "%.3g tokens/s" : "%,.0f tokens/s", tokens);
  }

  /// Things per second.
  public static String perSecond(double things) {
    return String.format(Locale.ROOT, things < 1000 ? "%.3g/s" : "%,.0f/s", things);
  }

  /// A count, its thousands set apart.
  public static String count(long count) {
    return String.format(Locale.ROOT, "%,d", count);
  }
}
