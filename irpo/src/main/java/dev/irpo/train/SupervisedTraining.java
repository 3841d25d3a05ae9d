package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.train.LearningRate;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Supervised fine-tuning of a model on prompts with responses, in place.
public final class SupervisedTraining {
  private final RunConfig config;
  private final Trainer trainer;
  private final List<Example> examples;
  private final Order order;
  private final int totalSteps;

  /// A text to learn.
  ///
  /// @param promptIds not learnt, unless `sft.promptTokens` is set
  @SuppressWarnings("ArrayRecordComponent") // carried, never compared
  public record Example(int[] promptIds, int[] responseIds) {}

  /// What a step came to.
  ///
  /// @param step from 1
  /// @param loss mean negative log-likelihood of the scored tokens, in nats
  /// @param tokens transformer rows
  public record Step(int step, double loss, double gradNorm, double learningRate, long tokens) {}

  /// Receives every step.
  public interface Listener {
    /// Called after a step.
    void stepped(Step step);
  }

  /// A training at step 0.
  public SupervisedTraining(
      RunConfig config, Backend backend, LanguageModel model, List<Example> examples) {
    this.config = config;
    this.examples = examples;
    int largest =
        examples.stream()
            .mapToInt(example -> example.promptIds().length + example.responseIds().length)
            .max()
            .orElse(1);
    trainer =
        new Trainer(
            backend,
            model.parameters(),
            new TokenLoss(),
            Schedules.trainer(config.train(), config.optimizer(), largest));
    long key = CounterRandom.key(config.seed(), "sft.order");
    order = new Order(examples.size(), config.train().shuffle(), key);
    totalSteps = Schedules.steps(config.train(), examples.size());
  }

  /// Steps of the whole training.
  public int totalSteps() {
    return totalSteps;
  }

  /// Trains to the end.
  public void run(Listener listener) {
    LearningRate rate = Schedules.learningRate(config.optimizer(), totalSteps);
    int batchSize = config.train().batchSize();
    for (int step = 0; step < totalSteps; step++) {
      int[] indices = order.range((long) step * batchSize, batchSize);
      List<Example> batch = Arrays.stream(indices).mapToObj(examples::get).toList();
      StepResult result = trainer.accumulate(items(batch));
      double norm = trainer.update(rate.at(step));
      listener.stepped(new Step(step + 1, result.loss(), norm, rate.at(step), result.rows()));
    }
  }

  private List<TrainItem> items(List<Example> batch) {
    boolean prompts = config.sft().promptTokens();
    long scored = 0;
    for (Example example : batch) {
      scored += example.responseIds().length + (prompts ? example.promptIds().length - 1 : 0);
    }
    float weight = (float) (1.0 / scored);
    List<TrainItem> items = new ArrayList<>();
    for (Example example : batch) {
      SharedPrompt tokens =
          new SharedPrompt(
              example.promptIds(),
              prompts ? TokenLoss.PROMPT : SharedPrompt.NOT_SCORED,
              List.of(new SharedPrompt.Response(example.responseIds(), TokenLoss.RESPONSE)));
      items.add(new TrainItem(tokens, new float[] {weight}));
    }
    return items;
  }
}
