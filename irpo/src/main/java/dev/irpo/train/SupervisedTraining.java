package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.loss.TokenLoss;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.parallel.Replicas;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem.Single;
import dev.irpo.transformer.train.Trainer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Supervised fine-tuning of a model on prompts with responses; prompts are learnt where
/// `sft.promptTokens` is set.
public final class SupervisedTraining extends Training<Single> {
  /// A training at step 0.
  public SupervisedTraining(
      RunConfig config,
      Backend backend,
      Replicas replicas,
      LanguageModel model,
      List<Single> examples) {
    super(
        config,
        model,
        replicas.all(),
        new Learner<>(
            trainer(config, backend, replicas.data(), model.parameters(), largest(examples)),
            List::of),
        examples,
        CounterRandom.key(config.seed(), "sft.order"));
  }

  /// A trainer that takes examples of up to so many tokens.
  public static Trainer<Single> trainer(
      RunConfig config, Backend backend, Group group, Parameters parameters, int largestExample) {
    TokenLoss loss = new TokenLoss(config.sft().promptTokens());
    return Schedules.trainer(config, backend, group, parameters, loss, largestExample);
  }

  /// Tokens of the largest example.
  public static int largest(List<Single> examples) {
    return examples.stream()
        .mapToInt(example -> example.prompt().length + example.response().length)
        .max()
        .orElse(1);
  }

  /// The transformer's rows.
  @Override
  void addTo(SequencedMap<String, Number> line, StepResult result, double seconds) {
    line.put("tokens", result.rows());
  }

  @Override
  SequencedMap<String, Object> line(Single example) {
    SequencedMap<String, Object> line = new LinkedHashMap<>();
    line.put("promptIds", example.prompt());
    line.put("responseIds", example.response());
    return line;
  }
}
