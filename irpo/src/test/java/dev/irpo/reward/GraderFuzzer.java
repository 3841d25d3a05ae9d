package dev.irpo.reward;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// What Jazzer calls for the target `GRADER` of `bin/fuzz`: the first byte of an input picks the
/// grader, the others are an answer.
///
/// Whatever a model writes is graded without an exception, within seconds, and the canonical form
/// of a number or a letter is read as itself. That of other LaTeX need not be: spaces are gone from
/// it.
public final class GraderFuzzer {
  private static final long MAX_NANOS = 4_000_000_000L;

  /// The graders of numbers read no longer text.
  private static final int LONGEST_NUMBER = 200;

  private static final Pattern NUMBER = Pattern.compile("-?\\d+(?:/\\d+)?");

  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();
  private static final List<String> OPTIONS = List.of("ice", "water vapor", "salt water", "A sand");

  private static final List<String> SEEDS =
      List.of(
          "5",
          "-$1,234.50 million.",
          "\\frac{-1}{2}",
          "3 1/2 cm\u00B2",
          "\\boxed{\\begin{pmatrix}1\\\\\\sqrt[3]{2}\\end{pmatrix}}",
          "x=3 or x=\\text{odd}",
          "(-\\infty, 2]\\cup\\{\u00BD, \\boxed 5\\}",
          "The answer is (C) because B. Note that A",
          "The final answer is $1.5 \\times 10^{-3}$. I hope it is correct.",
          "5 + 3 = 8 apples",
          "see above");

  private GraderFuzzer() {}

  /// One input; whatever it throws is a finding.
  public static void fuzzerTestOneInput(byte[] input) {
    long begin = CLOCK.getCurrentThreadCpuTime();
    check(input);
    long nanos = CLOCK.getCurrentThreadCpuTime() - begin;
    if (nanos > MAX_NANOS) {
      throw new AssertionError("it computed for %d ms".formatted(nanos / 1_000_000));
    }
  }

  static void check(byte[] input) {
    if (input.length == 0) {
      return;
    }
    List<String> names = Graders.names();
    String name = names.get(Byte.toUnsignedInt(input[0]) % names.size());
    Grader grader = Graders.of("fuzz", name);
    String text =
        new String(Arrays.copyOfRange(input, 1, input.length), StandardCharsets.UTF_8).strip();
    Gold known = new Gold("", name.startsWith("letter") ? "C" : "5", OPTIONS);
    grader.grade(text, known);
    grader.grade(text + "\nFinal answer: see above", known);
    Grade grade = grader.grade("Final answer: " + text, known);
    grade.extracted().ifPresent(answer -> requireReadAsItself(grader, answer));
  }

  private static void requireReadAsItself(Grader grader, String answer) {
    boolean isOther = grader instanceof MathGrader && !NUMBER.matcher(answer).matches();
    if (isOther || answer.length() > LONGEST_NUMBER) {
      return;
    }
    Grade again = grader.grade("Final answer: " + answer, new Gold("", answer, OPTIONS));
    if (!again.correct() || !again.extracted().equals(Optional.of(answer))) {
      throw new AssertionError(
          "%s: '%s' is read as %s".formatted(grader.name(), answer, again.extracted()));
    }
  }

  /// Inputs to begin with, each of them for every grader.
  static List<byte[]> seeds() {
    return SEEDS.stream()
        .map(text -> text.getBytes(StandardCharsets.UTF_8))
        .flatMap(text ->
            IntStream.range(0, Graders.names().size()).mapToObj(grader -> seed(grader, text)))
        .toList();
  }

  private static byte[] seed(int grader, byte[] text) {
    byte[] seed = new byte[1 + text.length];
    seed[0] = (byte) grader;
    System.arraycopy(text, 0, seed, 1, text.length);
    return seed;
  }

  /// Writes the seeds into the folder that is given.
  public static void main(String[] args) throws IOException {
    List<byte[]> seeds = seeds();
    for (int i = 0; i < seeds.size(); i++) {
      Files.write(Path.of(args[0], "seed-" + i), seeds.get(i));
    }
  }
}
