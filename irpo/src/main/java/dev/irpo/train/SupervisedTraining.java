package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.packing.SharedPrompt;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.List;

/// Supervised fine-tuning of a model on prompts with responses.
public final class SupervisedTraining extends Training<SupervisedTraining.Example> {
  private final boolean promptTokens;

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
  public record Step(int step, double loss, double gradNorm, double learningRate, long tokens)
      implements StepLine {}

  /// A training at step 0.
  public SupervisedTraining(
      RunConfig config, Backend backend, LanguageModel model, List<Example> examples) {
    super(
        config,
        model,
        new Trainer(
            backend,
            model.parameters(),
            new TokenLoss(),
            Schedules.trainer(config.train(), config.optimizer(), largest(examples))),
        examples,
        CounterRandom.key(config.seed(), "sft.order"));
    promptTokens = config.sft().promptTokens();
  }

  private static int largest(List<Example> examples) {
    return examples.stream()
        .mapToInt(example -> example.promptIds().length + example.responseIds().length)
        .max()
        .orElse(1);
  }

  @Override
  StepLine line(int step, StepResult result, double gradNorm, double learningRate, double seconds) {
    return new Step(step, result.loss(), gradNorm, learningRate, result.rows());
  }

  @Override
  List<TrainItem> items(List<Example> batch) {
    long scored = 0;
    for (Example example : batch) {
      scored += example.responseIds().length + (promptTokens ? example.promptIds().length - 1 : 0);
    }
    float weight = (float) (1.0 / scored);
    List<TrainItem> items = new ArrayList<>();
    for (Example example : batch) {
      SharedPrompt tokens =
          new SharedPrompt(
              example.promptIds(),
              promptTokens ? TokenLoss.PROMPT : SharedPrompt.NOT_SCORED,
              List.of(new SharedPrompt.Response(example.responseIds(), TokenLoss.RESPONSE)));
      items.add(new TrainItem(tokens, new float[] {weight}));
    }
    return items;
  }
}
