package dev.irpo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PaceTest {
  private long seconds = 5;
  private final Pace pace = new Pace(() -> seconds * 1_000_000_000L, 100);

  private boolean at(long second, long done) {
    seconds = second;
    return pace.at(done);
  }

  @Test
  void aLineIsDueAfterEachPeriod() {
    assertFalse(at(5 + Pace.PERIOD_SECONDS - 1, 1));
    assertTrue(at(5 + Pace.PERIOD_SECONDS, 2));
    assertFalse(at(5 + Pace.PERIOD_SECONDS, 3));
    assertFalse(at(5 + 2 * Pace.PERIOD_SECONDS - 1, 4));
    assertTrue(at(5 + 2 * Pace.PERIOD_SECONDS, 5));
  }

  @Test
  void whatAResumedStageFindsDoneIsNoPartOfItsRate() {
    assertEquals(OptionalDouble.empty(), pace.perSecond());
    at(6, 60);
    assertEquals(OptionalDouble.empty(), pace.perSecond());
    assertEquals(OptionalDouble.empty(), pace.secondsLeft());
    at(8, 70);
    assertEquals(OptionalDouble.of(5), pace.perSecond());
    assertEquals(OptionalDouble.of(6), pace.secondsLeft());
    assertEquals(3, pace.seconds());
  }
}
