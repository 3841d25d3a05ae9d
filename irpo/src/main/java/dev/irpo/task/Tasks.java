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
              Path.of(settings.trainFile()),
              Path.of(settings.testFile()),
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
    };
  }

  /// What compares the answers of a task.
  public static Grader grader(TaskSettings.Name name) {
    return switch (name) {
      case GSM8K, WORD_PROBLEMS -> new NumberGrader();
    };
  }

  private static int orStandard(int count, int standard) {
    return count == 0 ? standard : count;
  }
}
