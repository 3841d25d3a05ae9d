package dev.irpo.benchmarks;

import dev.irpo.config.LossSettings;
import dev.irpo.pair.PreferencePair;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.train.IrpoLoss;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.LlamaConfig;
import dev.irpo.transformer.Parameters;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.score.SequenceScore;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem;
import dev.irpo.transformer.train.TrainSettings;
import dev.irpo.transformer.train.Trainer;
import java.util.ArrayList;
import java.util.List;

/// A random model of the demo's sizes with work for sampler, scorer and trainer: samples become
/// pairs, as in an iteration.
final class StepWork {
  /// Tokens of a prompt.
  static final int PROMPT_TOKENS = 40;

  /// Tokens of every response; nothing ends one earlier.
  static final int RESPONSE_TOKENS = 40;

  /// Prompts, two samples of each make a pair.
  static final int PAIRS = 16;

  /// Responses in the making at a time.
  static final int SLOTS = 60;

  private static final int SAMPLES_PER_PROMPT = 8;
  private static final int TOKEN_BUDGET = 2048;
  private static final double LEARNING_RATE = 1e-6;
  private static final LlamaConfig DEMO =
      new LlamaConfig(512, 160, 448, 4, 5, 5, 32, 256, 10000, 1e-5, true, 1, List.of(2));

  private final Parameters parameters;
  private final Generator generator;
  private final Scorer scorer;
  private final Trainer trainer;
  private final IrpoLoss loss;
  private final List<GenerationRequest> requests = new ArrayList<>();

  StepWork(Backend backend) {
    parameters = Parameters.random(backend, DEMO, 1);
    generator =
        new Generator(
            backend,
            parameters,
            DecodeLimits.of(SLOTS, SAMPLES_PER_PROMPT, PROMPT_TOKENS, RESPONSE_TOKENS));
    scorer = new Scorer(backend, parameters, TOKEN_BUDGET);
    loss = new IrpoLoss(new LossSettings(LossSettings.Version.V1, 0.1, 1));
    AdamWSettings adamW = new AdamWSettings(0.9, 0.95, 1e-8, 0, 1);
    trainer =
        new Trainer(
            backend,
            parameters,
            loss,
            new TrainSettings(TOKEN_BUDGET, Llama.Activations.KEPT, adamW));
    for (int problem = 0; problem < PAIRS; problem++) {
      requests.add(new GenerationRequest(problem, prompt(problem), 0, SAMPLES_PER_PROMPT));
    }
  }

  private static int[] prompt(int problem) {
    long key = CounterRandom.key(2, problem);
    int[] ids = new int[PROMPT_TOKENS];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (int) (CounterRandom.uniform(key, i) * (DEMO.vocabSize() - 3));
    }
    return ids;
  }

  /// Eight samples of each prompt.
  List<List<Sample>> sample() {
    List<List<Sample>> all = new ArrayList<>();
    SamplingSettings settings = new SamplingSettings(0.8, 0, 1, RESPONSE_TOKENS, List.of());
    generator.generate(
        requests.iterator(), Sampling.of(settings, 3, 1), (request, drawn) -> all.add(drawn));
    return all;
  }

  /// Log-probabilities of two responses to each prompt.
  List<SequenceScore> score(List<PreferencePair> pairs) {
    List<Sequence> sequences = new ArrayList<>();
    for (PreferencePair pair : pairs) {
      sequences.add(new Sequence(pair.promptIds(), pair.chosenIds()));
      sequences.add(new Sequence(pair.promptIds(), pair.rejectedIds()));
    }
    return scorer.score(sequences);
  }

  /// The first two samples of each prompt as a pair, with their log-probabilities as recorded.
  List<PreferencePair> pairs(List<List<Sample>> samples) {
    List<PreferencePair> pairs = new ArrayList<>();
    for (int i = 0; i < samples.size(); i++) {
      Sample chosen = samples.get(i).get(0);
      Sample rejected = samples.get(i).get(1);
      pairs.add(
          new PreferencePair(
              "problem " + i,
              0,
              1,
              requests.get(i).prompt(),
              chosen.ids(),
              rejected.ids(),
              chosen.logProb(),
              rejected.logProb()));
    }
    return pairs;
  }

  /// The pairs' losses without a gradient.
  StepResult evaluate(List<PreferencePair> pairs) {
    return trainer.evaluate(items(pairs));
  }

  /// Forward, backward, clipping, AdamW.
  ///
  /// @return the gradient's global norm
  double trainStep(List<PreferencePair> pairs) {
    trainer.accumulate(items(pairs));
    return trainer.update(LEARNING_RATE);
  }

  private List<TrainItem> items(List<PreferencePair> pairs) {
    return pairs.stream().map(pair -> loss.item(pair, 1.0 / pairs.size())).toList();
  }

  /// All weights.
  float[] weights() {
    return parameters.flat().toFloatArray();
  }
}
