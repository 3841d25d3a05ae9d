package dev.irpo.benchmarks.steps;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrintedFigureTest {
  private static final String TRAIN =
      "train S fp32 params 1.14M step 123.4 ms  pairs/s 12.34  tokens/s 3159  (min 120.1 max 131.0)";

  /// A command that prints a text.
  private static ShellCommand printing(String text) {
    return new ShellCommand("cat <<'END'\n" + text + "\nEND");
  }

  private static double beside(String unit, String text) throws IOException, InterruptedException {
    return PrintedFigure.beside(unit).in(printing(text));
  }

  private static double by(String expression, String text)
      throws IOException, InterruptedException {
    return PrintedFigure.by("tokens/s", PrintedFigure.expression(expression)).in(printing(text));
  }

  private static void assertRefused(Executable work, String... facts) {
    String message = assertThrows(IllegalArgumentException.class, work).getMessage();
    assertEquals(1, message.lines().count(), message);
    for (String fact : facts) {
      assertTrue(message.contains(fact), message);
    }
  }

  @Test
  void theNumberBesideTheUnitIsFound() throws IOException, InterruptedException {
    assertEquals(12.34, beside("pairs/s", TRAIN));
    assertEquals(5012, beside("tokens/s", "sample S n=30 prompts=2 new=64: 5012 tokens/s"));
    assertEquals(174, beside("GFLOP/s", "warming up\nsgemm 2048: 174 GFLOP/s\ndone in 3 s"));
    assertEquals(1234.5, beside("tokens/s", "1,234.5tokens/s"));
    assertEquals(0.0625, beside("tokens/s", "tokens/s: 6.25e-2, of 8 runs"));
    assertEquals(7, beside("tokens/s", "tokens/s=7."));
  }

  @Test
  void aTimeIsInSecondsAlone() throws IOException, InterruptedException {
    assertEquals(0.25, beside("s", "step 123.4 ms, 12 pairs/s, whole process 0.25 s"));
    assertRefused(() -> beside("s", "step 123.4 ms, 12 steps, 7 GB/s"), "no figure in s,");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kpairs/s 5",
        "5 kpairs/s",
        "5 pairs/s/core",
        "1.2.3 pairs/s",
        "-5 pairs/s",
        "pairs/s 5x"
      })
  void aPartOfALongerWordIsNoFigure(String line) {
    assertRefused(() -> beside("pairs/s", line), "no figure in pairs/s", line);
  }

  @Test
  void severalFiguresAreToldApartByAnExpression() throws IOException, InterruptedException {
    String output = TRAIN + "\nsample S n=30 prompts=2 new=64: 5012 tokens/s";
    assertRefused(
        () -> beside("tokens/s", output), "3 figures in tokens/s, ", "5012", "3159", "--figure");
    assertEquals(5012, by("^sample .*: ([0-9]+) tokens/s$", output));
    assertEquals(3159, by("tokens/s +([0-9]+)", output));
    assertRefused(() -> by("([0-9]+) tokens/s|step ([0-9])", output), "--figure", "2 groups");
    assertRefused(() -> by("(?:train|sample) (S)", output), "2 figures", "S and S");
    assertRefused(() -> by("train (S)", output), "'S' as its figure", "no number above 0");
    assertRefused(() -> by("n=30 prompts=2 new=64: (.)", "n=30 prompts=2 new=64: 0"), "'0' as");
    assertRefused(() -> by("speed ([0-9]+)", output), "no figure in tokens/s", "5012 tokens/s'");
    assertRefused(() -> by("speed (", output), "--figure 'speed ('", "character");
  }

  @Test
  void aCommandThatFailsOrPrintsNothingIsRefused() {
    PrintedFigure figure = PrintedFigure.beside("pairs/s");
    assertRefused(
        () -> figure.in(new ShellCommand("echo 5 pairs/s; echo out of memory >&2; exit 3")),
        "ended with code 3",
        "'out of memory'");
    assertRefused(
        () -> figure.in(new ShellCommand("no-such-program-here")), "code 127", "not found");
    assertRefused(() -> figure.in(new ShellCommand("true")), "'true'", "it printed nothing");
    assertRefused(() -> figure.in(new ShellCommand("exit 1")), "code 1", "it printed nothing");
  }

  @Test
  void whatGoesToTheErrorsCountsAndThereIsNoInput() throws IOException, InterruptedException {
    assertEquals(
        5, PrintedFigure.beside("pairs/s").in(new ShellCommand("cat; echo 5 pairs/s >&2")));
  }
}
