package dev.irpo.run;

import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.evaluate.SampledAccuracy;
import dev.irpo.evaluate.SoFar;
import dev.irpo.task.Problem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Shows the accuracies of an evaluation while it runs, and those that it came to.
///
/// ```text
/// greedy 45.0 ± 2.2 %, majority of 32: 50.5 ± 3.1 % of 264
/// ```
public final class EvaluationBar {
  private final Progress.Bar bar;
  private final SequencedMap<String, Number> metrics = new LinkedHashMap<>();
  private String before = "";
  private long done;

  /// @param bar of all responses: greedy ones, and votes where there are any
  public EvaluationBar(Progress.Bar bar) {
    this.bar = bar;
  }

  /// Measures the accuracy of greedy responses.
  public Accuracy greedy(Evaluator evaluator, List<Problem> problems) {
    Accuracy greedy = evaluator.greedy(problems, measuring("greedy", "greedy"));
    show("greedy", "greedy", greedy, problems.size());
    return greedy;
  }

  /// Measures the accuracy of votes.
  public SampledAccuracy sampled(Evaluator evaluator, List<Problem> problems) {
    int votes = evaluator.majoritySamples();
    String title = "majority of %d:".formatted(votes);
    SampledAccuracy sampled = evaluator.sampled(problems, measuring("majority", title));
    show("majority", title, sampled.majority(), (long) votes * problems.size());
    return sampled;
  }

  private SoFar.Listener measuring(String name, String title) {
    return soFar -> {
      put(name, soFar.accuracy());
      String text = "%s%s %s".formatted(before, title, soFar.text()).strip();
      bar.at(done + soFar.responses(), text, metrics);
    };
  }

  private void show(String name, String title, Accuracy accuracy, long responses) {
    done += responses;
    put(name, accuracy);
    String text = "%s%s %s %%".formatted(before, title, accuracy.percent());
    bar.at(done, text, metrics);
    before = text + ", ";
  }

  private void put(String name, Accuracy accuracy) {
    if (accuracy.total() > 0) {
      metrics.put(name, accuracy.share());
      metrics.put(name + "StandardError", accuracy.standardError());
      metrics.put(name + "Problems", accuracy.total());
    }
  }
}
