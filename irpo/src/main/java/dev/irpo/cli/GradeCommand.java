package dev.irpo.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.config.TaskSettings;
import dev.irpo.reward.Gold;
import dev.irpo.reward.Grade;
import dev.irpo.reward.Grader;
import dev.irpo.reward.Graders;
import dev.irpo.task.Tasks;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `irpo grade`.
@Command(
    name = "grade",
    mixinStandardHelpOptions = true,
    header = "Rewards responses, or compares two graders.",
    description = {
      "{\"response\":…,\"answer\":…} to {\"extracted\":…,\"correct\":…,\"reward\":…}, line by line,"
          + " with what was read as the answer, where, and why; a line may also have"
          + " \"question\" and \"options\":[…].",
      "With --compare: where two graders differ on graded rollouts."
    })
final class GradeCommand implements Callable<Integer> {
  /// What grades, or what is compared.
  static final class Choice {
    @Option(
        names = "--task",
        paramLabel = "TASK",
        description = "the grader of gsm8k, math, arc-challenge or word-problems")
    private String task;

    @Option(
        names = "--grader",
        paramLabel = "GRADER",
        completionCandidates = Graders.NameForm.class,
        description = "${COMPLETION-CANDIDATES}")
    private String grader;

    @Option(
        names = "--compare",
        split = ",",
        paramLabel = "GRADER,GRADER",
        description = "two graders, compared on --rollouts")
    private List<String> compared;
  }

  @ArgGroup(multiplicity = "1")
  private Choice choice;

  @Option(
      names = "--rollouts",
      paramLabel = "FILE",
      description =
          "with --compare: rollouts/part-*.arrow of a run, whose config.yaml names the problems, or"
              + " lines of {\"response\":…,\"answer\":…}")
  private List<Path> rollouts = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    if (choice.compared == null) {
      if (!rollouts.isEmpty()) {
        throw new IllegalArgumentException(
            "--rollouts: belongs to --compare; without it lines come from standard input");
      }
      gradeLines(grader());
      return 0;
    }
    if (choice.compared.size() != 2 || rollouts.isEmpty()) {
      throw new IllegalArgumentException(
          "--compare: takes two graders and --rollouts, has %d and %d files; write --compare number-v1,number-v2 --rollouts FILE"
              .formatted(choice.compared.size(), rollouts.size()));
    }
    new GraderComparison(
            named("--compare", choice.compared.get(0)), named("--compare", choice.compared.get(1)))
        .print(rollouts);
    return 0;
  }

  private Grader grader() {
    return choice.task == null
        ? named("--grader", choice.grader)
        : Tasks.grader(TaskSettings.Name.of(choice.task));
  }

  private static Grader named(String option, String name) {
    return Graders.of(option, name.strip());
  }

  private static void gradeLines(Grader grader) throws IOException {
    try (JsonLines.LineReader reader = JsonLines.standardInput()) {
      for (JsonLines.Line line = reader.next(); line != null; line = reader.next()) {
        JsonLines.print(result(grade(grader, line)));
      }
    }
  }

  private static Grade grade(Grader grader, JsonLines.Line line) {
    try {
      return grader.grade(line.text("response"), goldOf(line));
    } catch (IllegalArgumentException unreadable) {
      String message = unreadable.getMessage();
      throw message.startsWith(line.source()) ? unreadable : line.mistake(message);
    }
  }

  /// The gold answer of a line, with its options if it has some.
  static Gold goldOf(JsonLines.Line line) {
    List<String> options = new ArrayList<>();
    for (JsonNode option : line.object().path("options")) {
      options.add(option.asText());
    }
    String question = line.has("question") ? line.text("question") : "";
    return new Gold(question, line.textOrNumber("answer"), options);
  }

  private static ObjectNode result(Grade grade) {
    ObjectNode result = JsonLines.object();
    result.put("extracted", grade.extracted().orElse(null));
    result.put("correct", grade.correct());
    result.put("reward", grade.reward());
    result.put("taken", grade.answerText());
    result.put("from", grade.taken().place().name().toLowerCase(Locale.ROOT).replace('_', '-'));
    result.put("why", grade.why());
    return result;
  }
}
