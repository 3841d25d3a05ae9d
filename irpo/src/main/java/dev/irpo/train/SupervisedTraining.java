package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.loss.TokenLoss;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.TrainItem.Single;
import dev.irpo.transformer.train.Trainer;
import java.util.List;
import java.util.SequencedMap;

/// Supervised fine-tuning of a model on prompts with responses; prompts are learnt where
/// `sft.promptTokens` is set.
public final class SupervisedTraining extends Training<Single> {
  /// A training at step 0.
  public SupervisedTraining(
      RunConfig config, Backend backend, LanguageModel model, List<Single> examples) {
    super(
        config,
        model,
        new Learner<>(trainer(config, backend, model, examples), List::of),
        examples,
        CounterRandom.key(config.seed(), "sft.order"));
  }

  private static Trainer<Single> trainer(
      RunConfig config, Backend backend, LanguageModel model, List<Single> examples) {
    int largest = examples.stream().mapToInt(TrainItem::packedTokens).max().orElse(1);
    TokenLoss loss = new TokenLoss(config.sft().promptTokens());
    return Schedules.trainer(config, backend, model.parameters(), loss, largest);
  }

  /// The transformer's rows.
  @Override
  void addTo(SequencedMap<String, Number> line, StepResult result, double seconds) {
    line.put("tokens", result.rows());
  }
}
