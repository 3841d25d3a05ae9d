package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;

/// Iterative Reasoning Preference Optimization (arXiv:2404.19733, figure 1): M_0 → M_1 → …
///
/// Each iteration samples from the policy, grades, builds pairs, trains a copy with the policy as
/// the frozen reference, and goes on with the checkpoint that does best on held-out problems. Each
/// stage first looks whether its result is in the run folder, so a run that was stopped goes on
/// where it was.
public final class IterationLoop {
  private final RunConfig config;
  private final RunFolder folder;
  private final Backend backend;
  private final Progress progress;
  private final List<Problem> heldOut;
  private final List<Problem> test;
  private final Evaluator evaluator;
  private final RolloutStage rollouts;

  /// A run in a folder that [RunFolder#open] has opened and where M_0 lies.
  public IterationLoop(RunConfig config, RunFolder folder, Backend backend, Progress progress)
      throws IOException {
    this.config = config;
    this.folder = folder;
    this.backend = backend;
    this.progress = progress;
    Task task = Tasks.open(config.task(), config.seed());
    List<Problem> train = task.problems(Split.TRAIN);
    heldOut = task.problems(Split.HELD_OUT);
    test = task.problems(Split.TEST);
    evaluator = new Evaluator(backend, task, config.rollouts(), config.evaluate(), config.seed());
    rollouts = new RolloutStage(config, folder, backend, task, train, progress);
  }

  /// Runs all iterations.
  public void run() throws IOException {
    LanguageModel policy = open(0);
    evaluate(policy, 0);
    for (int iteration = 1; iteration <= config.iterations(); iteration++) {
      policy = iterate(policy, iteration);
      evaluate(policy, iteration);
    }
  }

  private LanguageModel iterate(LanguageModel reference, int iteration) throws IOException {
    if (!Files.exists(folder.model(iteration))) {
      List<PreferencePair> pairs = rollouts.pairs(reference, iteration);
      new TrainStage(config, folder, backend, evaluator, heldOut, progress)
          .train(reference.copy(backend), pairs, iteration);
    }
    return open(iteration);
  }

  private LanguageModel open(int iteration) throws IOException {
    return LanguageModel.open(backend, folder.model(iteration), Optional.empty());
  }

  private void evaluate(LanguageModel model, int iteration) throws IOException {
    if (test.isEmpty() || Files.exists(folder.evaluation(iteration))) {
      return;
    }
    int votes = evaluator.majoritySamples();
    String stage = "M_" + iteration + " evaluate";
    try (Progress.Bar bar = progress.begin(stage, (long) test.size() * (1 + votes))) {
      var greedy = evaluator.greedy(model, test, done -> bar.at(done, "greedy"));
      var majority =
          votes == 0
              ? null
              : evaluator.majority(
                  model, test, done -> bar.at(test.size() + done, "majority of " + votes));
      RunFolder.writeJson(folder.evaluation(iteration), new Evaluation(greedy, majority, votes));
    }
  }
}
