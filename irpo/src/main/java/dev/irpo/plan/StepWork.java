package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.transformer.LlamaConfig;
import java.util.List;

/// A part of a run that is done over and over, with its work.
///
/// @param tokens that it samples, scores or learns from
/// @param flops floating-point operations of all processes
/// @param seconds at least
public record StepWork(String name, long tokens, double flops, double seconds) {
  /// How long prompts and responses are, in tokens.
  public record Lengths(int prompt, int response) {
    /// A prompt with the longest response that the configuration and the context allow.
    ///
    /// @throws IllegalArgumentException if the prompt leaves no room for one
    public static Lengths of(LlamaConfig model, RunConfig config, int prompt) {
      int room = model.maxPositions() - prompt;
      if (room < 1) {
        throw new IllegalArgumentException(
            "--prompt-tokens is %d, the context has %d with the response; give fewer"
                .formatted(prompt, model.maxPositions()));
      }
      return new Lengths(prompt, Math.min(config.rollouts().maxNewTokens(), room));
    }

    /// Of this prompt and two such responses.
    public WorkPlan.Longest longest() {
      return new WorkPlan.Longest(prompt, pair());
    }

    private int pair() {
      return prompt + 2 * response;
    }
  }

  /// The parts of a run with prompts and responses of one length.
  ///
  /// @param processes that share the micro-batches of a step; what they tell each other is left out
  /// @param device the rates of one process
  public static List<StepWork> of(
      WorkPlan plan, RunConfig config, Lengths lengths, int processes, Roofline.Device device) {
    WorkPlan.Programs programs = plan.programs();
    double keys = StageCosts.meanKeys(lengths.prompt(), lengths.response(), 2);
    Roofline micro = programs.microBatch(keys, device);
    Roofline update = programs.updateStep(device);
    Roofline score = programs.scoreBatch(keys, device);
    Roofline decode = programs.decodeStep(lengths.prompt() + lengths.response() / 2.0, device);
    int batch = config.train().batchSize();
    long pairTokens = (long) batch * lengths.pair();
    double micros = pairTokens / (double) programs.microTokens();
    double microsEach = micros * Math.max(1.0 / processes, 1.0 / batch); // a pair is not divided
    return List.of(
        new StepWork(
            "micro-batch, forward and backward",
            programs.microTokens(),
            micro.flops(),
            micro.seconds()),
        new StepWork(
            "step of %d longest pairs".formatted(batch),
            pairTokens,
            micros * micro.flops() + update.flops(),
            microsEach * micro.seconds() + update.seconds() / processes),
        new StepWork("scoring", programs.scoreTokens(), score.flops(), score.seconds()),
        new StepWork(
            "a token in each of %d slots".formatted(programs.slots()),
            programs.slots(),
            decode.flops(),
            decode.seconds()));
  }
}
