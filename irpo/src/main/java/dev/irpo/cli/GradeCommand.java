package dev.irpo.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.irpo.config.TaskSettings;
import dev.irpo.task.Grade;
import dev.irpo.task.Grader;
import dev.irpo.task.Tasks;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `irpo grade`.
@Command(
    name = "grade",
    mixinStandardHelpOptions = true,
    description = "{\"response\":…,\"answer\":…} to {\"extracted\":…,\"correct\":…}, line by line.")
final class GradeCommand implements Callable<Integer> {
  @Option(
      names = "--task",
      required = true,
      paramLabel = "TASK",
      description = "gsm8k or word-problems")
  private String task;

  @Override
  public Integer call() throws IOException {
    Grader grader = Tasks.grader(TaskSettings.Name.of(task));
    try (JsonLines.LineReader reader = JsonLines.standardInput()) {
      for (JsonLines.Line line = reader.next(); line != null; line = reader.next()) {
        Grade grade = grader.grade(line.text("response"), line.textOrNumber("answer"));
        ObjectNode result = JsonLines.object();
        result.put("extracted", grade.extracted().orElse(null));
        result.put("correct", grade.correct());
        JsonLines.print(result);
      }
    }
    return 0;
  }
}
