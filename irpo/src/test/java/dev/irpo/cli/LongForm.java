package dev.irpo.cli;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

/// Whether tests that stop, kill and watch runs take the time that `IRPO_TEST_KILLS` asks for.
final class LongForm {
  private static final String ASKED = "IRPO_TEST_KILLS";
  private static final int LONG = 50;

  private LongForm() {}

  /// How many times a run is killed; 0 where it is not asked for.
  static int kills() {
    String asked = System.getenv(ASKED);
    return asked == null ? 0 : Integer.parseInt(asked);
  }

  /// Whether so many kills are asked for that the hour of the long form is too.
  static boolean isAskedFor() {
    return kills() >= LONG;
  }

  /// Skips a test of the long form where it is not asked for.
  static void require() {
    assumeTrue(isAskedFor(), ASKED + " does not ask for " + LONG + " kills or more");
  }

  /// Skips a test that kills where that is not asked for.
  static void requireKills() {
    assumeTrue(kills() > 0, ASKED + " does not ask for kills");
  }
}
