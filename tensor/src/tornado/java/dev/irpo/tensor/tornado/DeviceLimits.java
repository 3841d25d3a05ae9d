package dev.irpo.tensor.tornado;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/// What fits into a device, checked before anything is allocated there.
final class DeviceLimits {
  /// TornadoVM's own limit.
  private static final String PROPERTY = "tornado.device.memory";

  private static final String PROPERTY_DEFAULT = "4GB";
  private static final Pattern SIZE =
      Pattern.compile("(\\d+)\\s*([KMGT]?)B", Pattern.CASE_INSENSITIVE);

  private DeviceLimits() {}

  /// Checks a plan.
  ///
  /// @throws IllegalArgumentException if it does not fit, with both numbers and what to change
  static void require(TornadoDevice device, PlanGraphs graphs) {
    require(
        graphs.bytes(),
        bytes(System.getProperty(PROPERTY, PROPERTY_DEFAULT)),
        device.getMaxGlobalMemory(),
        TornadoProvider.name(device));
  }

  static void require(long needed, long allowed, long present, String device) {
    if (needed > present) {
      throw new IllegalArgumentException(
          "%s: the programs need %s of its memory, it has %s; lower train.tokenBudget or rollouts.slots"
              .formatted(device, gigabytes(needed), gigabytes(present)));
    }
    if (needed > allowed) {
      throw new IllegalArgumentException(
          "%s: the programs need %s, TornadoVM may take %s; give the JVM -D%s=%dGB, or lower train.tokenBudget or rollouts.slots"
              .formatted(
                  device, gigabytes(needed), gigabytes(allowed), PROPERTY, (needed >> 30) + 1));
    }
  }

  /// Bytes of a size as TornadoVM reads it.
  ///
  /// @throws IllegalArgumentException if it is none
  static long bytes(String text) {
    Matcher matcher = SIZE.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "-D%s is '%s'; give a size such as 20GB".formatted(PROPERTY, text));
    }
    int shift =
        switch (matcher.group(2).toUpperCase(Locale.ROOT)) {
          case "K" -> 10;
          case "M" -> 20;
          case "G" -> 30;
          case "T" -> 40;
          default -> 0;
        };
    return Long.parseLong(matcher.group(1)) << shift;
  }

  private static String gigabytes(long bytes) {
    return String.format(Locale.ROOT, "%.2f GB", bytes / (double) (1L << 30));
  }
}
