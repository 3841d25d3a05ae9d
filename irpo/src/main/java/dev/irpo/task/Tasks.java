package dev.irpo.task;

import dev.irpo.config.TaskSettings;
import java.nio.file.Path;

/// The tasks that configuration can name.
public final class Tasks {
  private Tasks() {}

  /// The task of these settings; files are read when its problems are asked for.
  ///
  /// @param seed draws the problems of generated tasks
  public static Task open(TaskSettings settings, long seed) {
    return switch (settings.name()) {
      case GSM8K ->
          new Gsm8k(
              Path.of(orPublished(settings.trainFile(), "data/gsm8k/train.jsonl")),
              Path.of(orPublished(settings.testFile(), "data/gsm8k/test.jsonl")),
              new Gsm8k.Counts(
                  settings.trainProblems(), settings.heldOutProblems(), settings.testProblems()));
      case WORD_PROBLEMS -> {
        WordProblems.Counts standard = WordProblems.Counts.STANDARD;
        yield new WordProblems(
            seed,
            new WordProblems.Counts(
                orStandard(settings.trainProblems(), standard.train()),
                settings.heldOutProblems(),
                orStandard(settings.testProblems(), standard.test())));
      }
      case MATH, ARC_CHALLENGE, CUSTOM ->
          throw new IllegalArgumentException("task.name: no reader for " + settings.name());
    };
  }

  /// What compares the answers of a task.
  public static Grader grader(TaskSettings.Name name) {
    return switch (name) {
      case GSM8K, WORD_PROBLEMS -> new NumberGrader();
      case MATH, ARC_CHALLENGE, CUSTOM ->
          throw new IllegalArgumentException("--task: no grader for " + name);
    };
  }

  private static String orPublished(String file, String published) {
    return file.isEmpty() ? published : file;
  }

  private static int orStandard(int count, int standard) {
    return count == 0 ? standard : count;
  }
}
