package dev.irpo.run;

import dev.irpo.config.RunConfig;
import dev.irpo.evaluate.Evaluator;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Prompts;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.task.Split;
import dev.irpo.task.Task;
import dev.irpo.task.Tasks;
import dev.irpo.tensor.Backend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Iterative Reasoning Preference Optimization (arXiv:2404.19733, figure 1): M_0 → M_1 → …
///
/// Each iteration samples from the policy, grades, builds pairs, trains with what the policy was as
/// the frozen reference, whose log-probabilities the pairs hold, and goes on with the checkpoint
/// that does best on held-out problems, or repeats the training up to there with those problems
/// included. Each stage first looks whether its result is in the run folder, so a run that was
/// stopped goes on where it was.
public final class IterationLoop {
  private final RunConfig config;
  private final RunFolder folder;
  private final Backend backend;
  private final Progress progress;
  private final List<Problem> train;
  private final List<Problem> heldOut;
  private final List<Problem> test;
  private final LanguageModel model;
  private final Evaluator evaluator;
  private final RolloutStage rollouts;
  private final TrainStage training;

  /// A run in a folder that [RunFolder#open] has opened and where M_0 lies.
  public IterationLoop(RunConfig config, RunFolder folder, Backend backend, Progress progress)
      throws IOException {
    this(config, folder, backend, progress, Optional.empty());
  }

  /// The same with M_0's prompts, as far as they are made already.
  public IterationLoop(
      RunConfig config,
      RunFolder folder,
      Backend backend,
      Progress progress,
      Optional<Prompts> made)
      throws IOException {
    this.config = config;
    this.folder = folder;
    this.backend = backend;
    this.progress = progress;
    model = LanguageModel.open(backend, folder.model(0), Optional.empty());
    Task task = made.isPresent() ? made.get().task() : Tasks.open(config.task(), config.seed());
    Prompts prompts = made.orElseGet(() -> new Prompts(task, model.tokenizer(), model.config()));
    train = task.problems(Split.TRAIN);
    heldOut = task.problems(Split.HELD_OUT);
    test = task.problems(Split.TEST);
    List<Problem> all = new ArrayList<>(train);
    all.addAll(heldOut);
    all.addAll(test);
    RolloutSampler sampler =
        new RolloutSampler(backend, model, prompts, config.rollouts().slots(), all);
    evaluator = new Evaluator(sampler, config);
    rollouts = new RolloutStage(config, backend, task, sampler, progress);
    training = new TrainStage(config, folder, backend, evaluator, heldOut, progress);
  }

  /// Runs all iterations.
  public void run() throws IOException {
    folder.noteBackend(backend.name());
    evaluate(0);
    for (int iteration = 1; iteration <= config.iterations(); iteration++) {
      iterate(iteration);
      evaluate(iteration);
    }
  }

  /// Turns M_{t−1} into M_t.
  private void iterate(int iteration) throws IOException {
    if (Files.exists(folder.model(iteration))) {
      model.replaceWeights(folder.model(iteration));
      return;
    }
    String sampling = "iteration " + iteration + " sample";
    AskedProblems asked = new AskedProblems(train, 0, folder.rollouts(iteration), sampling);
    List<PreferencePair> pairs = rollouts.pairs(model, iteration, asked, List.of());
    if (training.retrains()) {
      trainTwice(pairs, iteration);
    } else {
      Chosen chosen = training.train(model, pairs, iteration);
      training.keep(model, folder.training(iteration).checkpoint(chosen.step()), iteration);
    }
  }

  /// Finds out on the held-out problems how many steps to train, then trains that many with them
  /// included, from M_{t−1} again.
  private void trainTwice(List<PreferencePair> pairs, int iteration) throws IOException {
    Path file = folder.chosen(iteration);
    if (!Files.exists(file)) {
      RunFolder.writeJson(file, training.train(model, pairs, iteration));
      model.replaceWeights(folder.model(iteration - 1));
    }
    Chosen chosen = RunFolder.readJson(file, Chosen.class);
    String sampling = "iteration " + iteration + " retrain sample";
    AskedProblems asked =
        new AskedProblems(heldOut, train.size(), folder.retrainRollouts(iteration), sampling);
    List<PreferencePair> all = rollouts.pairs(model, iteration, asked, pairs);
    training.retrain(model, all, iteration, chosen);
    training.keep(model, folder.retraining(iteration).checkpoint(chosen.step()), iteration);
  }

  private void evaluate(int iteration) throws IOException {
    if (test.isEmpty() || Files.exists(folder.evaluation(iteration))) {
      return;
    }
    int votes = evaluator.majoritySamples();
    String stage = "M_" + iteration + " evaluate";
    try (Progress.Bar bar = progress.begin(stage, (long) test.size() * (1 + votes))) {
      var greedy = evaluator.greedy(test, done -> bar.at(done, "greedy"));
      var majority =
          votes == 0
              ? null
              : evaluator.majority(
                  test, done -> bar.at(test.size() + done, "majority of " + votes));
      RunFolder.writeJson(folder.evaluation(iteration), new Evaluation(greedy, majority, votes));
    }
  }
}
