package dev.irpo.train;

import dev.irpo.config.RunConfig;
import dev.irpo.distributed.Group;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.train.Loss;
import dev.irpo.transformer.train.LossReads;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.Trainer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/// Training of a policy on preference pairs.
public final class PreferenceTraining extends Training<PreferencePair> {
  private final Learner<PreferencePair, ?> learner;

  /// A training at step 0 with a trainer of its own, in one process.
  ///
  /// @param iteration keys the order of the pairs
  public PreferenceTraining(
      RunConfig config,
      Backend backend,
      LanguageModel policy,
      List<PreferencePair> pairs,
      int iteration) {
    this(config, policy, trainer(config, backend, Group.alone(), policy, pairs), pairs, iteration);
  }

  /// A training at step 0.
  ///
  /// @param trainer as [#trainer] makes it for these pairs or longer ones, of a policy that each
  ///   process has whole
  public PreferenceTraining(
      RunConfig config,
      LanguageModel policy,
      Trainer<?> trainer,
      List<PreferencePair> pairs,
      int iteration) {
    this(config, policy, allOf(trainer), trainer, pairs, iteration);
  }

  private static Group allOf(Trainer<?> trainer) {
    if (trainer.parameters().parallel().ranks() > 1) {
      throw new IllegalArgumentException("several processes hold the policy; name all that train");
    }
    return trainer.sharding().group();
  }

  /// The same where several processes hold the policy together.
  ///
  /// @param all the processes that train
  public PreferenceTraining(
      RunConfig config,
      LanguageModel policy,
      Group all,
      Trainer<?> trainer,
      List<PreferencePair> pairs,
      int iteration) {
    this(config, policy, all, Learner.ofPairs(trainer), pairs, iteration);
  }

  private PreferenceTraining(
      RunConfig config,
      LanguageModel policy,
      Group all,
      Learner<PreferencePair, ?> learner,
      List<PreferencePair> pairs,
      int iteration) {
    super(
        config,
        policy,
        all,
        learner,
        pairs,
        CounterRandom.key(CounterRandom.key(config.seed(), "pair.order"), iteration));
    this.learner = learner;
  }

  /// A trainer of a policy that takes these pairs.
  public static Trainer<?> trainer(
      RunConfig config,
      Backend backend,
      Group group,
      LanguageModel policy,
      List<PreferencePair> pairs) {
    return trainer(config, backend, group, policy.parameters(), largest(config, pairs));
  }

  /// A trainer that takes items of up to so many tokens.
  public static Trainer<?> trainer(
      RunConfig config, Backend backend, Group group, Parameters parameters, int largestItem) {
    return Schedules.trainer(config, backend, group, parameters, config.loss().loss(), largestItem);
  }

  /// What the loss reads of a pair.
  ///
  /// @param items that a pair gives
  /// @param responses that are computed of each item, after its prompt
  public record Reads(int items, int responses) {
    private static <I extends TrainItem> Reads of(Loss<I> loss) {
      int[] token = {0};
      TrainItem.Pair pair = new TrainItem.Pair(token, token, token, 0, 0);
      return new Reads(loss.kind().of(pair).size(), LossReads.of(loss).responses());
    }
  }

  /// What the loss reads of a pair.
  public static Reads reads(RunConfig config) {
    return Reads.of(config.loss().loss());
  }

  /// Whether the loss reads the log-probabilities of a reference.
  public static boolean needsReference(RunConfig config) {
    return needsReference(config.loss().loss());
  }

  private static <I extends TrainItem> boolean needsReference(Loss<I> loss) {
    return !LossReads.of(loss).references().isEmpty();
  }

  /// Optimizer steps that a training on so many pairs takes.
  public static int steps(RunConfig config, int pairs) {
    return Schedules.steps(config.train(), pairs);
  }

  /// Tokens of the largest item that the loss makes of pairs.
  public static int largest(RunConfig config, List<PreferencePair> pairs) {
    return largest(config.loss().loss(), pairs);
  }

  private static <I extends TrainItem> int largest(Loss<I> loss, List<PreferencePair> pairs) {
    LossReads<I> reads = LossReads.of(loss);
    return pairs.stream()
        .flatMap(pair -> loss.kind().of(pair.item()).stream())
        .mapToInt(reads::packedTokens)
        .max()
        .orElse(1);
  }

  /// Checks that the policy is the reference as far as the first step's pairs tell, to the bit,
  /// because sampler, scorer and trainer compute the same. A loss that states nothing for a policy
  /// equal to the reference is not checked.
  ///
  /// @throws IllegalArgumentException with both log-probabilities of the first pair that differs
  public void requirePolicyIsReference() {
    requireReference(0);
  }

  /// The same for pairs that another backend sampled, or one whose rows depend on each other.
  ///
  /// @throws IllegalArgumentException if a log-probability differs by more than 10⁻⁴ nats per
  ///   token, or by more than 5·10⁻² with `train.precision=bf16`, where the last bit of a sum may
  ///   decide to which of two numbers something is rounded, which changes all that follows
  public void requirePolicyIsNearReference() {
    requireReference(learner.trainer().parameters().type().isHalf() ? 5e-2 : 1e-4);
  }

  private void requireReference(double perToken) {
    learner.requireReference(batch(0), pair -> "problem " + pair.problemId(), perToken);
  }

  @Override
  void addTo(SequencedMap<String, Number> line, StepResult result, double seconds) {
    line.put("tokensPerSecond", result.rows() / seconds);
  }

  @Override
  SequencedMap<String, Object> line(PreferencePair pair) {
    SequencedMap<String, Object> line = new LinkedHashMap<>();
    line.put("problemId", pair.problemId());
    line.put("promptIds", pair.promptIds());
    line.put("chosenIds", pair.chosenIds());
    line.put("rejectedIds", pair.rejectedIds());
    line.put("chosenReferenceLogProb", pair.chosenReferenceLogProb());
    line.put("rejectedReferenceLogProb", pair.rejectedReferenceLogProb());
    return line;
  }
}
