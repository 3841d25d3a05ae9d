package dev.irpo.benchmarks.steps;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Figures of ours and of a peer, measured in turns, so that what slows the machine down for a
/// while slows both down.
final class Turns {
  private static final double CONFIDENCE = 0.95;
  private static final String TURN = "%6s %12s %12s %8s %7s%n";
  private static final String SPREAD = "%-6s %12s %23s %23s%n";

  private final PrintStream out;
  private final double peak;
  private final List<Figure> ours = new ArrayList<>();
  private final List<Double> peers = new ArrayList<>();

  /// @param peak as [Report] has it
  Turns(PrintStream out, double peak) {
    this.out = out;
    this.peak = peak;
  }

  /// Measures ours.
  @FunctionalInterface
  interface Own {
    /// A figure, always of the same work.
    Figure measure() throws IOException, InterruptedException;
  }

  /// Measures the peer.
  @FunctionalInterface
  interface Peer {
    /// A figure in the unit of ours.
    double measure(String unit) throws IOException, InterruptedException;
  }

  /// Measures both so many times, ours first in the first turn and every other one from there on,
  /// and prints each turn.
  void measure(int turns, Own own, Peer peer) throws IOException, InterruptedException {
    Figure first = own.measure();
    add(first, peer.measure(first.unit()));
    for (int turn = 1; turn < turns; turn++) {
      if (turn % 2 == 0) {
        Figure ours = own.measure();
        add(ours, peer.measure(first.unit()));
      } else {
        double theirs = peer.measure(first.unit());
        add(own.measure(), theirs);
      }
    }
  }

  private void add(Figure own, double peer) {
    if (ours.isEmpty()) {
      out.printf("%s, in %s%n", own.what(), own.unit());
      out.printf(TURN, "turn", "ours", "peer", "ratio", "peak");
    }
    ours.add(own);
    peers.add(peer);
    out.printf(
        TURN,
        ours.size(),
        Report.number(own.median()),
        Report.number(peer),
        Report.number(ratio(own.unit(), own.median(), peer)),
        own.flopsPerSecond() > 0 ? Report.share(own.flopsPerSecond(), peak) : "–");
    out.flush();
  }

  /// How many times as fast ours is.
  private static double ratio(String unit, double own, double peer) {
    return unit.equals(Figure.SECONDS) ? peer / own : own / peer;
  }

  /// Prints what all turns come to.
  void printSummary() {
    String unit = ours.getFirst().unit();
    Spread own = Spread.of(ours.stream().map(Figure::median).toList());
    Spread peer = Spread.of(peers);
    out.println();
    out.printf(SPREAD, unit, "median", "quartiles", "least … most");
    print("ours", own);
    print("peer", peer);
    double flops = Spread.of(ours.stream().map(Figure::flopsPerSecond).toList()).median();
    if (flops > 0) {
      out.printf(
          "ours: %s GFLOP/s, %s of the peak%n",
          Report.number(flops / 1e9), Report.share(flops, peak));
    }
    out.printf(
        "ours is %s times as fast by the medians%n",
        Report.number(ratio(unit, own.median(), peer.median())));
    out.println(ofPairs(unit));
    out.flush();
  }

  private void print(String who, Spread spread) {
    out.printf(
        SPREAD,
        who,
        Report.number(spread.median()),
        Report.number(spread.lower()) + " … " + Report.number(spread.upper()),
        Report.number(spread.least()) + " … " + Report.number(spread.most()));
  }

  private String ofPairs(String unit) {
    List<Double> ratios = new ArrayList<>();
    for (int i = 0; i < ours.size(); i++) {
      ratios.add(ratio(unit, ours.get(i).median(), peers.get(i)));
    }
    String median =
        "median of the ratios of %d turns %s"
            .formatted(ratios.size(), Report.number(Spread.of(ratios).median()));
    return MedianInterval.of(ratios, CONFIDENCE)
        .map(interval ->
            String.format(
                Locale.ROOT,
                "%s, between %s and %s with %.1f %% confidence",
                median,
                Report.number(interval.low()),
                Report.number(interval.high()),
                100 * interval.confidence()))
        .orElse(median + "; too few for an interval of 95 % confidence, which takes 6");
  }
}
