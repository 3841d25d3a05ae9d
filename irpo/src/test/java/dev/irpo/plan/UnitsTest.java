package dev.irpo.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class UnitsTest {
  @Test
  void quantitiesHaveTheUnitThatKeepsThemShort() {
    assertEquals("999 B", Units.bytes(999));
    assertEquals("1.00 kB", Units.bytes(1000));
    assertEquals("26.95 GB", Units.bytes(26_953_662_464L));
    assertEquals("1.30 TB", Units.bytes(1_304_000_000_000L));
    assertEquals("4.63 EFLOP", Units.flops(4.63e18));
    assertEquals("1.00 MFLOP", Units.flops(999_999));
    assertEquals("0.5 ms", Units.seconds(0.0005));
    assertEquals("119.0 s", Units.seconds(119));
    assertEquals("2.0 min", Units.seconds(120));
    assertEquals("47.0 h", Units.seconds(47 * 3600.0));
    assertEquals("2.0 days", Units.seconds(48 * 3600.0));
    assertEquals("2.0 years", Units.seconds(2 * 365 * 86400.0));
    assertEquals("1,234,567", Units.count(1_234_567));
    assertEquals("0.717 tokens/s", Units.rate(0.717));
    assertEquals("12,345 tokens/s", Units.rate(12_345));
  }
}
