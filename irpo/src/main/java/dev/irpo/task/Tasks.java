package dev.irpo.task;

import dev.irpo.config.TaskSettings;
import dev.irpo.reward.Grader;
import dev.irpo.reward.GraderVersion;
import dev.irpo.reward.Graders;
import dev.irpo.reward.LetterGrader;
import dev.irpo.reward.MathGrader;
import dev.irpo.reward.NumberGrader;
import java.nio.file.Path;
import java.util.Optional;

/// The tasks that configuration can name.
public final class Tasks {
  private Tasks() {}

  /// The task of these settings; files are read when its problems are asked for.
  ///
  /// A built-in chat template wraps the task here and nowhere else, so that sampling, evaluation
  /// and training see the same prompts; the model's own is put around them where they become ids.
  ///
  /// @param seed draws the problems of generated tasks
  public static Task open(TaskSettings settings, long seed) {
    Task graded = graded(plain(settings, seed), settings);
    return switch (settings.chatTemplate()) {
      case NONE, MODEL -> graded;
      case LLAMA_2 -> new Llama2Chat(graded);
    };
  }

  /// A listed grader is for a task without its own, and says which version of theirs the others
  /// have; a class replaces that of any task.
  private static Task graded(Task task, TaskSettings settings) {
    boolean keepsOwn =
        settings.name() == TaskSettings.Name.CUSTOM || Graders.isListed(settings.grader());
    return keepsOwn ? task : new Regraded(task, grader(settings));
  }

  private static Grader grader(TaskSettings settings) {
    return Graders.of("task.grader", settings.grader());
  }

  /// The version of the task's own grader: that of the listed one. Runs of any task have named
  /// `number-v1` before there was another version.
  private static GraderVersion version(TaskSettings settings) {
    return Graders.versionOf(settings.grader()).orElse(GraderVersion.LATEST);
  }

  private static Task plain(TaskSettings settings, long seed) {
    GraderVersion version = version(settings);
    return switch (settings.name()) {
      case GSM8K ->
          new Gsm8k(files(settings, "data/gsm8k/train.jsonl", "data/gsm8k/test.jsonl"), version);
      case MATH ->
          new CompetitionMath(
              files(settings, "data/math/train", "data/math/test"), settings.exampleIds(), version);
      case ARC_CHALLENGE ->
          new ArcChallenge(
              files(settings, "data/arc-challenge/train.jsonl", "data/arc-challenge/test.jsonl"),
              version);
      case CUSTOM ->
          new CustomTask(files(settings, "", ""), settings.promptTemplate(), grader(settings));
      case WORD_PROBLEMS -> {
        WordProblems.Counts standard = WordProblems.Counts.STANDARD;
        yield new WordProblems(
            seed,
            new WordProblems.Counts(
                orStandard(settings.trainProblems(), standard.train()),
                settings.heldOutProblems(),
                orStandard(settings.testProblems(), standard.test())),
            version);
      }
    };
  }

  /// The grader that a task has of its own, in the latest version.
  ///
  /// @throws IllegalArgumentException if the task has none
  public static Grader grader(TaskSettings.Name name) {
    return switch (name) {
      case GSM8K, WORD_PROBLEMS -> new NumberGrader();
      case MATH -> new MathGrader();
      case ARC_CHALLENGE -> new LetterGrader();
      case CUSTOM ->
          throw new IllegalArgumentException(
              "--task: the task custom has the grader that its configuration names; give --grader");
    };
  }

  private static ProblemFiles files(TaskSettings settings, String train, String test) {
    return new ProblemFiles(
        path(settings.trainFile(), train),
        path(settings.devFile(), ""),
        path(settings.testFile(), test),
        new ProblemFiles.Counts(
            settings.trainProblems(), settings.heldOutProblems(), settings.testProblems()));
  }

  private static Optional<Path> path(String file, String published) {
    return Optional.of(file.isEmpty() ? published : file)
        .filter(name -> !name.isEmpty())
        .map(Path::of);
  }

  private static int orStandard(int count, int standard) {
    return count == 0 ? standard : count;
  }
}
