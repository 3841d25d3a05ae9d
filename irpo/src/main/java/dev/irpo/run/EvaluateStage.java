package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Accuracy;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.evaluate.SampledAccuracy;
import dev.irpo.plan.Cost;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.StageCosts;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Measures the accuracy of M_t on the test problems.
///
/// @param iteration t
/// @param needs the stage that makes M_t
record EvaluateStage(RunConfig config, RunFolder folder, int iteration, List<Stage> needs)
    implements Stage {
  @Override
  public String name() {
    return "M_" + iteration + " evaluate";
  }

  @Override
  public Optional<List<Path>> writes() {
    return Optional.of(List.of(folder.evaluation(iteration)));
  }

  @Override
  public void verify() throws IOException {
    RunFolder.verifyJson(folder.evaluation(iteration), Evaluation.class);
  }

  @Override
  public boolean makes(Path path) {
    return path.equals(folder.evaluation(iteration));
  }

  @Override
  public Cost cost(StageCosts costs) {
    PromptCounts test = costs.of(Split.TEST);
    int votes = config.evaluate().majoritySamples();
    return costs
        .sampling()
        .doing(costs.sample("evaluate greedily", test, 1))
        .doing(costs.sample("evaluate majority of " + votes, test, votes));
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void run(Session session) throws IOException {
    var _ = session.sharedModelAt(folder.model(iteration));
    List<Problem> test = session.problems(Split.TEST);
    Evaluator evaluator = session.evaluator();
    int votes = evaluator.majoritySamples();
    try (Progress.Bar bar = session.progress().begin(name(), (long) test.size() * (1 + votes))) {
      EvaluationBar shown = new EvaluationBar(bar);
      Accuracy greedy = shown.greedy(evaluator, test);
      SampledAccuracy sampled =
          votes == 0 ? new SampledAccuracy(null, null) : shown.sampled(evaluator, test);
      if (session.group().isFirst()) {
        Evaluation evaluation = new Evaluation(greedy, sampled.majority(), votes, sampled.passAt());
        AccuracyEvents.write(folder.accuracyEvents(iteration), iteration, evaluation);
        RunFolder.writeJson(folder.evaluation(iteration), evaluation); // last: all is there then
      }
    }
  }
}
