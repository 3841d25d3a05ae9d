package dev.irpo.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/// Reports of runs, each one HTML file.
public final class Report {
  /// Name of the report of one run in its folder.
  public static final String FILE_NAME = "report.html";

  /// Rollouts that a page shows unless another number is asked for; a browser scrolls and searches
  /// them without a pause.
  public static final int MOST_ROLLOUTS = 100_000;

  private Report() {}

  /// Writes the report of a run into its folder.
  ///
  /// @return the file
  /// @throws IllegalArgumentException if the folder holds no run
  public static Path write(Path run) throws IOException {
    Path file = run.resolve(FILE_NAME);
    write(List.of(run), file, MOST_ROLLOUTS);
    return file;
  }

  /// Writes the report of some runs side by side, whole or not at all.
  ///
  /// @param mostRollouts that the page shows; where there are more, the same problems are drawn for
  ///   all iterations, and shown with all their samples. Numbers are of all rollouts
  /// @throws IllegalArgumentException if a folder holds no run
  public static void write(List<Path> runs, Path file, int mostRollouts) throws IOException {
    List<String> names = names(runs);
    List<RunReader> readers = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      readers.add(RunReader.open(runs.get(i), names.get(i)));
    }
    if (Files.isDirectory(file)) {
      throw new IllegalArgumentException(
          "%s: is a folder; name the file to write, for instance %s"
              .formatted(file, file.resolve(FILE_NAME)));
    }
    int trainings = readers.stream().mapToInt(reader -> reader.trainings().size()).sum();
    int each = Math.max(1, mostRollouts / Math.max(1, trainings));
    List<ReadRun> read = new ArrayList<>();
    for (RunReader reader : readers) {
      read.add(reader.read(each));
    }
    Page.write(file, read);
  }

  /// The runs by the names of their folders; where two are alike, by their paths.
  static List<String> names(List<Path> runs) {
    List<String> names =
        runs.stream()
            .map(run -> run.toAbsolutePath().normalize().getFileName().toString())
            .toList();
    boolean areDistinct = new HashSet<>(names).size() == names.size();
    return areDistinct ? names : runs.stream().map(Path::toString).toList();
  }
}
