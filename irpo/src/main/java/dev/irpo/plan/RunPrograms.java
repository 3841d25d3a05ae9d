package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.tensor.Compilation;
import dev.irpo.tensor.program.OutlineBackend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.train.Trainer;
import java.util.Collection;

/// The programs that a run compiles and the buffers that it allocates, outlined: made as the run
/// makes them, on a backend that takes no memory, each when it is first asked for.
public final class RunPrograms {
  private final RunConfig config;
  private final LlamaConfig model;
  private final Longest longest;
  private final OutlineBackend outline = new OutlineBackend();
  private final Parameters parameters;
  private final long weightBytes;
  private Sampling sampling;
  private Scoring scoring;
  private Training training;

  /// The longest that a run meets, in tokens.
  ///
  /// @param prompt of a prompt
  /// @param pair of a prompt with two responses
  public record Longest(int prompt, int pair) {
    /// Of some splits together.
    public static Longest of(Collection<PromptCounts> splits) {
      PromptCounts all = splits.stream().reduce(PromptCounts.NONE, PromptCounts::plus);
      return new Longest(all.longestPrompt(), all.longestPair());
    }
  }

  /// What samples.
  ///
  /// @param token one more token in each slot
  /// @param prefill the same beside rows of prompts
  /// @param activationBytes of the programs of all sizes together
  /// @param cacheBytes of keys and values, and of what the next token of each prompt is drawn from
  public record Sampling(
      Compilation token,
      int slots,
      Compilation prefill,
      int prefillRows,
      long activationBytes,
      long cacheBytes) {}

  /// What scores.
  ///
  /// @param batch forward pass of a full micro-batch
  public record Scoring(Compilation batch, int tokens, long activationBytes) {}

  /// What trains.
  ///
  /// @param microBatch forward and backward pass of a full micro-batch
  /// @param update an optimizer step
  /// @param stateBytes of gradients and the optimizer's two moments
  public record Training(
      Compilation microBatch,
      int tokens,
      Compilation update,
      long activationBytes,
      long stateBytes) {
    /// Of the trained parameters.
    public long gradientBytes() {
      return stateBytes / 3;
    }
  }

  /// The programs of a run with a model of these sizes.
  public RunPrograms(LlamaConfig model, RunConfig config, Longest longest) {
    this.model = model;
    this.config = config;
    this.longest = longest;
    parameters = Parameters.allocate(outline, model);
    weightBytes = outline.allocatedBytes();
  }

  /// The longest that the run meets.
  public Longest longest() {
    return longest;
  }

  /// Bytes of the weights in single precision.
  public long weightBytes() {
    return weightBytes;
  }

  /// What samples. Rollouts, greedy responses and votes have it in common; greedy ones want the
  /// largest cache.
  public Sampling sampling() {
    if (sampling == null) {
      int newTokens = Math.min(config.rollouts().maxNewTokens(), model.maxPositions());
      int slots = config.rollouts().slots();
      long before = outline.allocatedBytes();
      Generator generator =
          new Generator(
              outline, parameters, DecodeLimits.of(slots, 1, longest.prompt(), newTokens));
      sampling =
          new Sampling(
              OutlineBackend.compilationOf(generator.tokenInEachSlot()),
              slots,
              OutlineBackend.compilationOf(generator.mostRows()),
              generator.prefillRows(),
              generator.activationBytes(),
              outline.allocatedBytes() - before);
    }
    return sampling;
  }

  /// What scores: a micro-batch that holds the longest prompt with a response as long as a sampled
  /// one.
  public Scoring scoring() {
    if (scoring == null) {
      long longestText = (long) longest.prompt() + config.rollouts().maxNewTokens();
      int rows = (int) Math.min(longestText, model.maxPositions());
      int tokens = Math.max(config.train().tokenBudget(), rows);
      Scorer scorer = new Scorer(outline, parameters, tokens);
      Compilation batch = OutlineBackend.compilationOf(scorer.microBatch());
      scoring = new Scoring(batch, tokens, scorer.activationBytes());
    }
    return scoring;
  }

  /// What trains: a micro-batch that holds the longest pair.
  public Training training() {
    if (training == null) {
      long before = outline.allocatedBytes();
      Trainer<?> trainer = PreferenceTraining.trainer(config, outline, parameters, longest.pair());
      training =
          new Training(
              OutlineBackend.compilationOf(trainer.microBatch()),
              trainer.tokenBudget(),
              OutlineBackend.compilationOf(trainer.optimizer().program()),
              trainer.activationBytes(),
              outline.allocatedBytes() - before);
    }
    return training;
  }
}
