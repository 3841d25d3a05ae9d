package dev.irpo.plan;

import dev.irpo.config.RunConfig;
import dev.irpo.config.TrainSettings.ParameterType;
import dev.irpo.task.Split;
import dev.irpo.tensor.Compilation;
import dev.irpo.train.PreferenceTraining;
import java.util.List;
import java.util.Map;

/// What the stages of a run add up their [Cost] from: the prompts' counts and the rooflines of the
/// programs that run in them.
///
/// Times are sums of least times of kernels. Where processes hold a model together operations and
/// bytes are those of all of them, times and what is sent of each; they add up activations at the
/// rate of memory, as processes of one machine do at best. A response is taken as long as it may
/// get, a pair as a prompt with two such responses.
///
/// @param splits prompts of each split
/// @param device its rates
public record StageCosts(
    RunConfig config,
    RunPrograms programs,
    Map<Split, PromptCounts> splits,
    Roofline.Device device) {
  private static final int ID = Integer.BYTES;
  private static final int LOG_PROB = Float.BYTES;

  /// Bytes of a token's text, more than English has on average.
  private static final int TEXT = 6;

  /// What a row of a table takes beside its lists.
  private static final int ROW = 128;

  /// Prompts of a split.
  public PromptCounts of(Split split) {
    return splits.get(split);
  }

  /// What sampling costs, but for its work.
  public Cost sampling() {
    RunPrograms.Sampling sampling = programs.sampling();
    PromptCounts all = splits.values().stream().reduce(PromptCounts.NONE, PromptCounts::plus);
    double keys = all.meanPrompt() + all.meanResponse() / 2;
    String name = "a token in each of %d slots".formatted(sampling.slots());
    return sampling
        .addTo(weights())
        .repeating(
            new Work(
                Work.Kind.SAMPLE,
                name,
                1,
                "runs",
                sampling.slots(),
                amount(sampling.token(), keys)));
  }

  /// So many responses to each prompt, each prompt computed once.
  public Work sample(String name, PromptCounts counts, int perPrompt) {
    RunPrograms.Sampling sampling = programs.sampling();
    long tokens = counts.responseTokens() * perPrompt;
    double decodeKeys = counts.meanPrompt() + counts.meanResponse() / 2;
    double promptKeys = counts.meanPrompt() / 2;
    Work.Amount token = amount(sampling.token(), decodeKeys).times(1.0 / sampling.slots());
    Work.Amount promptToken =
        amount(sampling.prefill(), promptKeys)
            .minus(amount(sampling.token(), promptKeys))
            .times(1.0 / sampling.prefillRows());
    return new Work(
        Work.Kind.SAMPLE,
        name,
        (long) counts.problems() * perPrompt,
        "responses",
        tokens,
        token.times((double) tokens).plus(promptToken.times((double) counts.promptTokens())));
  }

  /// What scoring costs, but for its work.
  public Cost scoring(PromptCounts counts) {
    RunPrograms.Scoring scoring = programs.scoring();
    double keys = meanKeys(counts.meanPrompt(), counts.meanResponse(), 2);
    return scoring
        .addTo(weights())
        .repeating(
            new Work(
                Work.Kind.SCORE,
                "scoring",
                1,
                "runs",
                scoring.tokens(),
                amount(scoring.batch(), keys)));
  }

  /// The reference's log-probabilities of known solutions.
  public Work score(String name, PromptCounts counts) {
    double keys = meanKeys(counts.meanPrompt(), counts.meanGold(), 1);
    long tokens = Math.round(counts.goldSolutions() * (counts.meanPrompt() + counts.meanGold()));
    return new Work(
        Work.Kind.SCORE, name, counts.goldSolutions(), "solutions", tokens, scored(tokens, keys));
  }

  /// The reference's log-probabilities of so many pairs, each with a prompt of its own at most.
  public Work scorePairs(String name, PromptCounts counts, long pairs) {
    double keys = meanKeys(counts.meanPrompt(), counts.meanResponse(), 2);
    long tokens = Math.round(pairs * pairTokens(counts));
    return new Work(Work.Kind.SCORE, name, pairs, "pairs", tokens, scored(tokens, keys));
  }

  private Work.Amount scored(long tokens, double keys) {
    RunPrograms.Scoring scoring = programs.scoring();
    return amount(scoring.batch(), keys).times(tokens / (double) scoring.tokens());
  }

  /// Mean tokens of a pair, its prompt once.
  public static double pairTokens(PromptCounts counts) {
    return counts.meanPrompt() + 2 * counts.meanResponse();
  }

  /// What a training costs. Of a pair it computes what the loss reads.
  public Cost training(String name, PromptCounts counts, int steps) {
    RunPrograms.Training training = programs.training();
    Work step = step(counts);
    return training
        .addTo(weights())
        .doing(
            new Work(
                Work.Kind.TRAIN,
                name,
                steps,
                "steps",
                Math.round((double) steps * config.train().batchSize() * trainedTokens(counts)),
                step.amount().times((double) steps)))
        .repeating(
            new Work(
                Work.Kind.TRAIN,
                "micro-batch, forward and backward",
                1,
                "runs",
                training.tokens(),
                microBatch(counts)))
        .repeating(step);
  }

  private Work step(PromptCounts counts) {
    int batch = config.train().batchSize();
    double pairTokens = trainedTokens(counts);
    Work.Amount microBatch = microBatch(counts);
    Work.Amount update = update();
    int processes = programs.processes(); // gradients that they send each other are left out
    double count = batch * pairTokens / programs.training().tokens();
    double countEach = count * Math.max(1.0 / processes, 1.0 / batch); // a pair is not divided
    Work.Amount all = microBatch.times(count).plus(update.times(processes));
    Work.Amount each = microBatch.times(countEach).plus(update);
    return new Work(
        Work.Kind.TRAIN,
        "step of %d longest pairs".formatted(batch),
        1,
        "steps",
        Math.round(batch * pairTokens),
        new Work.Amount(all.flops(), all.bytes(), each.seconds(), each.sentBytes()));
  }

  /// Mean tokens that a training computes of a pair.
  public double trainedTokens(PromptCounts counts) {
    PreferenceTraining.Reads reads = PreferenceTraining.reads(config);
    return reads.items() * (counts.meanPrompt() + reads.responses() * counts.meanResponse());
  }

  /// The forward and backward pass of a full micro-batch.
  public Work.Amount microBatch(PromptCounts counts) {
    int responses = PreferenceTraining.reads(config).responses();
    double keys = meanKeys(counts.meanPrompt(), counts.meanResponse(), responses);
    return amount(programs.training().microBatch(), keys);
  }

  /// Clipping, the optimizer's step and what clears the gradient, in the processes of one model:
  /// these tell each other the norm of their slices, and where weights are rounded whether any does
  /// not fit.
  public Work.Amount update() {
    int numbers = config.train().roundedTo() == ParameterType.F32 ? 1 : 2;
    return programs.training().updates().stream()
        .map(program -> amount(program, 0))
        .reduce(Work.Amount::plus)
        .orElseThrow()
        .plus(Work.Amount.sending((double) numbers * programs.parallel().bytesOfNumber()));
  }

  private Cost weights() {
    return Cost.NONE.inMemory(Purpose.WEIGHTS, programs.residentWeightBytes());
  }

  /// Bytes of one checkpoint: trained weights, their two moments, and what they were rounded from.
  public long checkpointBytes() {
    return programs.checkpointBytes();
  }

  /// Rollouts of so many responses to each prompt, as a table and as objects.
  public long rolloutBytes(PromptCounts counts) {
    double row = ROW + ID * counts.meanPrompt() + (ID + LOG_PROB + TEXT) * counts.meanResponse();
    return Math.round((double) counts.problems() * config.rollouts().perPrompt() * row);
  }

  /// So many pairs, as a table and as objects.
  public long pairBytes(PromptCounts counts, long pairs) {
    return Math.round(pairs * (ROW + ID * (counts.meanPrompt() + 2 * counts.meanResponse())));
  }

  private Work.Amount amount(Compilation program, double keys) {
    Roofline ofProcess = Roofline.of(List.of(program), keys, device);
    return Work.Amount.of(ofProcess, programs.parallel().ranks());
  }

  /// Keys that a query meets on average where responses share a prompt: half of its own text, and a
  /// response all of its prompt.
  public static double meanKeys(double prompt, double response, int responses) {
    double all = prompt * prompt / 2 + responses * response * (prompt + response / 2);
    return all / Math.max(1, prompt + responses * response);
  }
}
