package dev.irpo.benchmarks.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class TurnsTest {
  private static List<Double> upTo(int count) {
    return IntStream.rangeClosed(1, count).mapToObj(i -> (double) i).toList();
  }

  /// Of tables of order statistics, such as Conover's A3.
  @ParameterizedTest
  @CsvSource({
    "6, 1, 6, 0.969",
    "9, 2, 8, 0.961",
    "10, 2, 9, 0.979",
    "20, 6, 15, 0.959",
    "100, 40, 61, 0.965"
  })
  void theIntervalIsThatOfTheTables(int count, double low, double high, double confidence) {
    MedianInterval interval = MedianInterval.of(upTo(count).reversed(), 0.95).orElseThrow();
    assertEquals(low, interval.low());
    assertEquals(high, interval.high());
    assertEquals(confidence, interval.confidence(), 5e-4);
  }

  @Test
  void fiveNumbersAreTooFewForAnInterval() {
    for (int count = 1; count < 6; count++) {
      assertTrue(MedianInterval.of(upTo(count), 0.95).isEmpty());
    }
    assertEquals(0.9375, MedianInterval.of(upTo(5), 0.9).orElseThrow().confidence(), 1e-12);
  }

  /// Of all ways in which eight numbers can lie around the median.
  @Test
  void asManyIntervalsAsItSaysHoldTheMedian() {
    int held = 0;
    for (int signs = 0; signs < 256; signs++) {
      int ways = signs;
      List<Double> values =
          IntStream.range(0, 8).mapToObj(i -> ((ways >> i) & 1) == 1 ? i + 1.0 : -i - 1.0).toList();
      MedianInterval interval = MedianInterval.of(values, 0.9).orElseThrow();
      held += interval.low() <= 0 && 0 <= interval.high() ? 1 : 0;
    }
    assertEquals(held / 256.0, MedianInterval.of(upTo(8), 0.9).orElseThrow().confidence(), 1e-12);
  }

  @Test
  void quartilesAreInterpolated() {
    assertEquals(
        new Spread(1, 1.75, 2.5, 3.25, 4), Spread.of(List.of(4.0, 1.0, 3.0, 2.0)), "R's type 7");
    assertEquals(new Spread(7, 7, 7, 7, 7), Spread.of(List.of(7.0)));
  }

  private static Figure figure(String unit, double median, double flops) {
    return new Figure("work", unit, median, median, median, 5, flops);
  }

  /// What turns print.
  private static String printed(String unit, List<Double> own, List<Double> peer)
      throws IOException, InterruptedException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Turns turns = new Turns(new PrintStream(bytes, true, StandardCharsets.UTF_8), 4e9);
    Iterator<Double> ours = own.iterator();
    Iterator<Double> theirs = peer.iterator();
    double flops = unit.equals(Figure.SECONDS) ? 0 : 1e9;
    turns.measure(own.size(), () -> figure(unit, ours.next(), flops), _ -> theirs.next());
    turns.printSummary();
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static void assertPrinted(String text, String... lines) {
    for (String line : lines) {
      assertTrue(
          text.lines().anyMatch(found -> found.strip().replaceAll(" +", " ").equals(line)),
          line + " is not in\n" + text);
    }
  }

  @Test
  void turnsPrintFiguresSpreadsAndRatios() throws IOException, InterruptedException {
    String text =
        printed(
            "pairs/s",
            List.of(20.0, 30.0, 40.0, 20.0, 30.0, 80.0),
            List.of(10.0, 10.0, 10.0, 20.0, 20.0, 20.0));
    assertPrinted(
        text,
        "work, in pairs/s",
        "1 20.0 10.0 2.00 25.0%",
        "4 20.0 20.0 1.00 25.0%",
        "ours 30.0 22.5 … 37.5 20.0 … 80.0",
        "peer 15.0 10.0 … 20.0 10.0 … 20.0",
        "ours: 1.00 GFLOP/s, 25.0% of the peak",
        "ours is 2.00 times as fast by the medians",
        "median of the ratios of 6 turns 2.50, between 1.00 and 4.00 with 96.9 % confidence");
  }

  @Test
  void theShorterTimeIsTheFaster() throws IOException, InterruptedException {
    String text = printed("s", List.of(0.25, 0.5), List.of(1.0, 1.0));
    assertPrinted(
        text,
        "1 0.250 1.00 4.00 –",
        "ours is 2.67 times as fast by the medians",
        "median of the ratios of 2 turns 3.00; too few for an interval of 95 % confidence, which takes 6");
    assertFalse(text.contains("of the peak"), text);
  }

  @Test
  void eachBeginsEveryOtherTurn() throws IOException, InterruptedException {
    List<String> order = new ArrayList<>();
    Turns turns = new Turns(new PrintStream(new ByteArrayOutputStream()), 1);
    turns.measure(
        4,
        () -> {
          order.add("ours");
          return figure("pairs/s", 1, 0);
        },
        unit -> {
          order.add(unit);
          return 1;
        });
    assertEquals(
        List.of("ours", "pairs/s", "pairs/s", "ours", "ours", "pairs/s", "pairs/s", "ours"), order);
  }

  @Test
  void aFigureCrossesProcessesWhole() throws JsonProcessingException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Report report =
        new Report(new PrintStream(bytes, true, StandardCharsets.UTF_8), 4e9, Report.Form.JSON);
    report.rate("work", 5, "pairs/s", 1e9, new Timing(3, 2, 7, 11));
    assertEquals(
        new Figure("work", "pairs/s", 5 / 3.0, 5 / 7.0, 5 / 2.0, 11, 1e9 / 3),
        Figure.of(bytes.toString(StandardCharsets.UTF_8)));
    bytes.reset();
    report.skipped("work", "give --stories");
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> Figure.of(bytes.toString(StandardCharsets.UTF_8)))
            .getMessage();
    assertEquals("work: give --stories", message);
  }

  @ParameterizedTest
  @CsvSource({"--repeat, 0", "--row, products-m", "--threads, -1", "--figure, x"})
  void whatCannotBeMeasuredIsRefusedBeforeAnythingRuns(String option, String value) {
    List<String> arguments = new ArrayList<>(List.of(option, value, "echo 5 GFLOP/s"));
    if (!option.equals("--row")) {
      arguments.addAll(List.of("--row", "product"));
    }
    CommandLine command = new CommandLine(new AgainstCommand());
    command.setCaseInsensitiveEnumValuesAllowed(true);
    List<Exception> failures = new ArrayList<>();
    command.setExecutionExceptionHandler((e, _, _) -> {
      failures.add(e);
      return 2;
    });
    assertEquals(2, command.execute(arguments.toArray(String[]::new)));
    String message = failures.getFirst().getMessage();
    assertTrue(message.startsWith(option + " "), message);
    assertTrue(failures.getFirst() instanceof IllegalArgumentException, message);
  }
}
