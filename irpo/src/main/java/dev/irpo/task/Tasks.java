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
    int train = settings.trainProblems();
    int heldOut = settings.heldOutProblems();
    int test = settings.testProblems();
    return switch (settings.name()) {
      case GSM8K ->
          new Gsm8k(
              Path.of(settings.trainFile()),
              Path.of(settings.testFile()),
              new Gsm8k.Counts(train, heldOut, test));
      case WORD_PROBLEMS -> new WordProblems(seed, new WordProblems.Counts(train, heldOut, test));
    };
  }
}
