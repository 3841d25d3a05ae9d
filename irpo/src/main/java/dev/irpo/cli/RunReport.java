package dev.irpo.cli;

import dev.irpo.evaluate.Accuracy;
import dev.irpo.run.Evaluation;
import dev.irpo.run.RolloutCounts;
import dev.irpo.run.RunFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Locale;

/// The table at the end of a run.
final class RunReport {
  private RunReport() {}

  static String table(RunFolder folder, int iterations) throws IOException {
    StringBuilder text = new StringBuilder();
    text.append(row("model", "rollouts", "correct", "pairs", "greedy %", "majority %"));
    text.append("dropped prompts\n");
    for (int t = 0; t <= iterations; t++) {
      if (!Files.exists(folder.evaluation(t)) && !Files.exists(folder.rollouts(t).counts())) {
        continue;
      }
      boolean evaluated = Files.exists(folder.evaluation(t));
      Evaluation evaluation =
          evaluated
              ? RunFolder.readJson(folder.evaluation(t), Evaluation.class)
              : new Evaluation(null, null, 0, null);
      if (Files.exists(folder.rollouts(t).counts())) {
        RolloutCounts counts = RunFolder.readJson(folder.rollouts(t).counts(), RolloutCounts.class);
        String share =
            counts.rollouts() == 0
                ? ""
                : String.format(
                    Locale.ROOT, "%.1f %%", 100.0 * counts.correct() / counts.rollouts());
        text.append(
            row(
                "M_" + t,
                counts.rollouts(),
                share,
                counts.pairs(),
                percent(evaluation.greedy()),
                percent(evaluation.majority())));
        text.append(counts.droppedText()).append('\n');
      } else {
        text.append(
            row(
                "M_" + t,
                "",
                "",
                "",
                percent(evaluation.greedy()),
                percent(evaluation.majority())));
        text.append('\n');
      }
    }
    return text.toString();
  }

  private static String row(Object... cells) {
    return String.format("%-6s %9s %9s %7s %13s %13s   ", cells);
  }

  private static String percent(Accuracy accuracy) {
    return accuracy == null ? "" : accuracy.percent();
  }
}
