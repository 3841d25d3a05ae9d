package dev.irpo.check;

import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.loss.IrpoLoss;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem.Pair;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.util.ArrayList;
import java.util.List;

/// What golden values are computed with, on any backend.
final class GoldenWork {
  private static final int PROMPT_TOKENS = 128;
  private static final int NEW_TOKENS = 32;
  private static final int SCORED_ROWS = 128;
  private static final int TRAINED_ROWS = 256;
  private static final double LEARNING_RATE = 1e-4;

  private final Backend backend;
  private final LanguageModel model;
  private final Generator generator;
  private final Scorer scorer;

  GoldenWork(Backend backend, LanguageModel model) {
    this.backend = backend;
    this.model = model;
    DecodeLimits limits = DecodeLimits.of(1, 1, PROMPT_TOKENS, NEW_TOKENS);
    generator = new Generator(backend, model.parameters(), limits);
    scorer = new Scorer(backend, model.parameters(), SCORED_ROWS);
  }

  /// Tokens that there are.
  int vocabSize() {
    return model.config().vocabSize();
  }

  /// The most probable tokens, one after the other.
  int[] greedy(int[] prompt) {
    List<int[]> found = new ArrayList<>();
    generator.generate(
        List.of(new GenerationRequest(0, prompt, 0, 1)).iterator(),
        Sampling.of(SamplingSettings.greedy(NEW_TOKENS, model.stopIds()), 0, 0),
        (_, samples) -> found.add(samples.getFirst().ids()));
    return found.getFirst();
  }

  /// ln π(response | prompt).
  double logProb(int[] prompt, int[] response) {
    return scorer.score(List.of(new Sequence(prompt, response))).getFirst().logProb();
  }

  /// Training steps on all pairs with the paper's loss, in place. The reference's log-probabilities
  /// are a nat away from the policy's, so that no term of the loss is what it is at the reference.
  List<GoldenValues.Step> steps(List<GoldenValues.ScoredPair> pairs, int count) {
    List<Pair> items =
        pairs.stream()
            .map(pair ->
                new Pair(
                    pair.prompt(),
                    pair.chosen(),
                    pair.rejected(),
                    (float) (pair.chosenLogProb() - 1),
                    (float) (pair.rejectedLogProb() + 1)))
            .toList();
    Trainer<Pair> trainer =
        new Trainer<>(
            backend,
            model.parameters(),
            new IrpoLoss(RunConfig.of(Preset.PAPER_V1).loss()),
            new TrainerSettings(
                TRAINED_ROWS, Llama.Activations.KEPT, new AdamWSettings(0.9, 0.95, 1e-8, 0.1, 1)));
    List<GoldenValues.Step> steps = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StepResult result = trainer.accumulate(items);
      steps.add(new GoldenValues.Step(result.loss(), trainer.update(LEARNING_RATE)));
    }
    return steps;
  }
}
