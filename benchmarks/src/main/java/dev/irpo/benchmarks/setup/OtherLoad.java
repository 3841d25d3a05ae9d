package dev.irpo.benchmarks.setup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// What processes other than this one and its children take of the processors: a measurement is
/// worth little where that is more than a few percent. Known on Linux alone.
public final class OtherLoad {
  private static final Path ALL = Path.of("/proc/stat");
  private static final Path OWN = Path.of("/proc/self/stat");

  private static final Pattern WORDS = Pattern.compile("\\s+");

  /// Ticks of a second in both files.
  private static final double TICKS = 100;

  /// user, nice, system, irq, softirq, steal of the first line, after its name.
  private static final List<Integer> BUSY = List.of(1, 2, 3, 6, 7, 8);

  /// utime, stime and those of children that have ended, after the name in brackets.
  private static final List<Integer> USED = List.of(12, 13, 14, 15);

  private final double others;
  private final long start = System.nanoTime();

  /// Begins to watch.
  public OtherLoad() throws IOException {
    others = others();
  }

  /// Processors that others took on average since this object was made; empty where the system does
  /// not say.
  public Optional<Double> processors() throws IOException {
    if (!Files.isReadable(ALL)) {
      return Optional.empty();
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return Optional.of(Math.max(0, (others() - others) / seconds));
  }

  private static double others() throws IOException {
    if (!Files.isReadable(ALL)) {
      return 0;
    }
    String all = Files.readAllLines(ALL).getFirst();
    String own = Files.readString(OWN);
    return (sum(all, BUSY) - sum(own.substring(own.lastIndexOf(')')), USED)) / TICKS;
  }

  private static double sum(String line, List<Integer> fields) {
    List<String> words = WORDS.splitAsStream(line.strip()).toList();
    return fields.stream().mapToDouble(field -> Double.parseDouble(words.get(field))).sum();
  }
}
