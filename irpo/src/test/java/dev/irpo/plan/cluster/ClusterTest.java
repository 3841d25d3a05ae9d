package dev.irpo.plan.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class ClusterTest {
  private static final double GB = 1e9;

  /// 10 GB/s within a host, 1 GB/s a processor between hosts, nothing waits.
  private static Cluster cluster(int size, int perHost, Route route) {
    return new Cluster(
        processor(), size, perHost, Network.given(80, 0), Network.given(8, 0), route);
  }

  private static Processor processor() {
    return Processor.find("h100").orElseThrow().withRates(1e12, 300 * GB);
  }

  private static void assertSends(double inside, double between, double seconds, Transfer sent) {
    assertEquals(inside, sent.insideBytes() / GB, 1e-9);
    assertEquals(between, sent.betweenBytes() / GB, 1e-9);
    assertEquals(seconds, sent.seconds(), 1e-9);
  }

  @Test
  void aRingSendsAllButOneRanksPart() {
    Cluster host = cluster(8, 8, Route.RING);
    assertSends(7, 0, 0.7, host.allGather(new Ranks(8, 8), 8 * GB, 1));
    assertSends(7, 0, 0.77, host.reduceScatter(new Ranks(8, 8), 8 * GB, 1)); // adds 7 GB: 0.07 s
    assertSends(14, 0, 1.47, host.allReduce(new Ranks(8, 8), 8 * GB, 1));
    assertSends(0, 0, 0, host.allReduce(new Ranks(1, 1), 8 * GB, 1));
  }

  @Test
  void ringsOfAHostShareTheLinksThatADirectRankSendsOverAlone() {
    Ranks all = new Ranks(16, 8);
    // 16 GB: each host sends 15 of them, over 8 links
    assertSends(15, 15 / 8.0, 15 / 8.0, cluster(16, 8, Route.RING).allGather(all, 16 * GB, 1));
    // each rank sends 1 GB to 7 of its host and to 8 of the other
    assertSends(7, 8, 8, cluster(16, 8, Route.DIRECT).allGather(all, 16 * GB, 1));
  }

  @Test
  void ranksThatAreAloneOnTheirHostsHaveALinkEach() {
    Ranks slices = new Ranks(8, 1);
    for (Route route : Route.values()) {
      assertSends(0, 7, 7, cluster(64, 8, route).allGather(slices, 8 * GB, 1));
    }
  }

  @Test
  void processorsOfAHostShareAnEthernetPort() {
    Network port = Network.find("eth100").orElseThrow();
    Cluster cluster = new Cluster(processor(), 64, 8, Network.given(80, 0), port, Route.RING);
    Transfer sent = cluster.allGather(new Ranks(8, 1), 8 * GB, 0);
    assertEquals(7 * 8 / 12.5, sent.seconds(), 1e-9);
  }

  @Test
  void messagesWait() {
    Network slow = Network.given(80, 1e-3);
    Cluster ring = new Cluster(processor(), 4, 4, slow, slow, Route.RING);
    Cluster direct = new Cluster(processor(), 4, 4, slow, slow, Route.DIRECT);
    Ranks all = new Ranks(4, 4);
    assertEquals(5 * 3 * 1e-3, ring.allGather(all, 0, 5).seconds(), 1e-12);
    assertEquals(5 * 1e-3, direct.allGather(all, 0, 5).seconds(), 1e-12);
  }

  @Test
  void hostsHaveEqualNumbers() {
    assertEquals(2, cluster(16, 8, Route.RING).hosts());
    assertEquals(1, cluster(3, 8, Route.RING).hosts());
    String message =
        assertThrows(IllegalArgumentException.class, () -> cluster(12, 8, Route.RING)).getMessage();
    assertTrue(message.contains("12 processors") && message.contains("hosts of 8"), message);
  }

  @Test
  void whatOverlapsShowsItsLastBucketAtLeast() {
    assertEquals(6 / 4.0, Overlap.shown(6, 100, 4));
    assertEquals(6 - 4 * 3 / 4.0, Overlap.shown(6, 4, 4));
    assertEquals(6, Overlap.shown(6, 0, 4));
    assertEquals(6, Overlap.shown(6, 100, 1));
  }

  @Test
  void namesMeanTheNumbersOfDataSheets() {
    Processor h100 = Processor.find("h100").orElseThrow();
    assertEquals(989.4e12, h100.flops(Precision.BF16));
    assertEquals(67e12, h100.flops(Precision.F32));
    assertEquals(80 * GB, (double) h100.memoryBytes());
    assertEquals(50 * GB, Network.find("ib400").orElseThrow().bytesPerSecond());
    assertEquals(450 * GB, Network.find(h100.inside()).orElseThrow().bytesPerSecond());
    Processor.names()
        .forEach(name ->
            assertTrue(
                Network.find(Processor.find(name).orElseThrow().inside()).isPresent(), name));
  }
}
