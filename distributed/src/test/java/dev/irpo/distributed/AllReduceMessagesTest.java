package dev.irpo.distributed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AllReduceMessagesTest {
  @Test
  void muchIsSentInRangesAndLittleAtOnce() {
    AllReduceMessages much = new AllReduceMessages(1_000_000, Element.F32, 8);
    assertFalse(much.areSentAtOnce());
    assertEquals(2 * 4_000_000L * 7 / 8, much.sentBytes(3));
    AllReduceMessages little = new AllReduceMessages(1000, Element.F64, 8);
    assertTrue(little.areSentAtOnce());
    assertEquals(7 * 8000, little.sentBytes(3));
  }

  @Test
  void theBoundIsOnTheBytesOfAllRanks() {
    assertTrue(new AllReduceMessages(16 << 10, Element.F32, 4).areSentAtOnce());
    assertFalse(new AllReduceMessages((16 << 10) + 1, Element.F32, 4).areSentAtOnce());
    assertFalse(new AllReduceMessages(16 << 10, Element.F32, 5).areSentAtOnce());
  }

  /// Every range but its own is sent once to be added up and n − 1 times as a sum.
  @Test
  void rangesOfUnequalLengthAddUpToTheLeastThatACollectiveCanDoWith() {
    AllReduceMessages messages = new AllReduceMessages(1_000_003, Element.F32, 7);
    long all = IntStream.range(0, 7).mapToLong(messages::sentBytes).sum();
    assertEquals(2 * 6 * 1_000_003L * Float.BYTES, all);
  }

  @Test
  void oneRankSendsNothing() {
    assertEquals(0, new AllReduceMessages(5, Element.F32, 1).sentBytes(0));
    assertEquals(0, new AllReduceMessages(5_000_000, Element.F32, 1).sentBytes(0));
  }
}
