package dev.irpo.task;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// The splits of a task whose problems lie in files, which are read when problems are asked for.
///
/// Held out are all problems of the dev file; without one, the last ones of the train file.
///
/// @param train empty where no file is named
/// @param dev empty where problems are held out of the train file
/// @param test empty where no file is named
public record ProblemFiles(
    Optional<Path> train, Optional<Path> dev, Optional<Path> test, Counts counts) {

  /// How many problems of each split are used; 0 stands for all that there are.
  ///
  /// @param train from the start of the train file
  /// @param heldOut from the end of the train file; here 0 means none
  /// @param test from the start of the test file
  public record Counts(int train, int heldOut, int test) {}

  /// Files without a dev file.
  public static ProblemFiles of(Path train, Path test, Counts counts) {
    return new ProblemFiles(Optional.of(train), Optional.empty(), Optional.of(test), counts);
  }

  /// The problems of a split.
  ///
  /// @throws IllegalArgumentException if a file holds fewer than are asked for
  List<Problem> problems(Split split, ProblemReader reader) throws IOException {
    if (split == Split.TEST) {
      Path file = named(test, "task.testFile");
      List<Problem> all = read(reader, file, "test");
      return all.subList(0, wanted("task.testProblems", counts.test(), all.size(), file));
    }
    if (split == Split.HELD_OUT && dev.isPresent()) {
      return read(reader, dev.get(), "dev");
    }
    Path file = named(train, "task.trainFile");
    List<Problem> all = read(reader, file, "train");
    int heldOut = dev.isPresent() ? 0 : counts.heldOut();
    if (heldOut >= all.size()) {
      throw new IllegalArgumentException(
          "task.heldOutProblems is %d, %s has %d problems in all; hold out fewer"
              .formatted(heldOut, file, all.size()));
    }
    int firstHeldOut = all.size() - heldOut;
    return split == Split.HELD_OUT
        ? all.subList(firstHeldOut, all.size())
        : all.subList(0, wanted("task.trainProblems", counts.train(), firstHeldOut, file));
  }

  /// All problems of the train file.
  List<Problem> allTrain(ProblemReader reader) throws IOException {
    return read(reader, named(train, "task.trainFile"), "train");
  }

  private static List<Problem> read(ProblemReader reader, Path file, String split)
      throws IOException {
    List<Problem> problems = reader.read(file, split);
    Set<String> ids = new HashSet<>();
    for (Problem problem : problems) {
      if (!ids.add(problem.id())) {
        throw new IllegalArgumentException(
            "%s: two problems have the id %s; give each its own".formatted(file, problem.id()));
      }
    }
    return problems;
  }

  private static Path named(Optional<Path> file, String key) {
    return file.orElseThrow(
        () -> new IllegalArgumentException(key + " is empty; name the file with the problems"));
  }

  private static int wanted(String key, int count, int available, Path file) {
    if (count > available) {
      throw new IllegalArgumentException(
          "%s is %d, %s has %d problems for it; ask for fewer, or for all with 0"
              .formatted(key, count, file, available));
    }
    return count == 0 ? available : count;
  }
}
