package dev.irpo.check;

import dev.irpo.check.CheckRow.Compared;
import dev.irpo.check.CheckRow.Outcome;
import dev.irpo.check.step.SamplingWork;
import dev.irpo.config.Preset;
import dev.irpo.config.RunConfig;
import dev.irpo.loss.IrpoLoss;
import dev.irpo.model.LanguageModel;
import dev.irpo.tensor.Backend;
import dev.irpo.tensor.BackendTraits;
import dev.irpo.tensor.kernel.AdamWSettings;
import dev.irpo.transformer.Llama;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.SamplingSettings;
import dev.irpo.transformer.train.StepResult;
import dev.irpo.transformer.train.TrainItem.Pair;
import dev.irpo.transformer.train.Trainer;
import dev.irpo.transformer.train.TrainerSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// The log-probabilities that the demo's model records while it samples against those that scorer
/// and trainer find: what makes the untrained policy the reference.
///
/// To the bit where a row does not depend on the other rows of its program and no weight is rounded
/// for sampling; elsewhere within what a run allows per token.
record SamplerChecks(CheckTarget target) implements PartCheck {
  private static final List<String> PROMPTS =
      List.of("Lily has 12 apples. ", "Tom reads 7 pages a day. How many", "She said:");
  private static final int SAMPLES = 4;
  private static final int TOKENS = 24;
  private static final int TOKEN_BUDGET = 512;
  private static final String SIZES =
      "%d prompts, %d samples, %d tokens".formatted(PROMPTS.size(), SAMPLES, TOKENS);

  /// Nats per token, as [dev.irpo.train.PreferenceTraining#requirePolicyIsNearReference].
  private static final double PER_TOKEN = 1e-4;

  /// What was drawn.
  private record Drawn(
      Backend backend,
      LanguageModel model,
      List<int[]> prompts,
      SamplingWork work,
      List<List<Sample>> samples) {}

  @Override
  public void run(CheckRows rows) throws IOException {
    try (Backend backend = target.start()) {
      BackendTraits traits = backend.traits();
      double bound = traits.isBatchInvariant() && !traits.roundsWeights() ? 0 : PER_TOKEN;
      LanguageModel model = DemoModel.open(backend);
      List<Drawn> drawn = new ArrayList<>();
      rows.attempt(
          "sampler and scorer, alone",
          SIZES,
          () -> {
            drawn.add(draw(backend, model));
            return alone(drawn.getFirst(), bound);
          });
      if (drawn.isEmpty()) {
        return; // without samples nothing else can be compared
      }
      rows.attempt("sampler and scorer, packed", SIZES, () -> together(drawn.getFirst(), bound));
      rows.attempt("sampler and trainer", SIZES, () -> trained(drawn.getFirst(), bound));
    }
  }

  private static Drawn draw(Backend backend, LanguageModel model) {
    List<int[]> prompts = PROMPTS.stream().map(prompt -> model.text().promptIds(prompt)).toList();
    SamplingSettings settings = new SamplingSettings(1, 0, 1, TOKENS, List.of(), model.drawable());
    SamplingWork work = new SamplingWork(backend, model.parameters(), prompts, SAMPLES, settings);
    return new Drawn(backend, model, prompts, work, work.run());
  }

  private static Outcome alone(Drawn drawn, double bound) {
    return outcome(drawn.work.scoredAlone(drawn.samples), bound);
  }

  private static Outcome together(Drawn drawn, double bound) {
    return outcome(drawn.work.scoredTogether(drawn.samples), bound);
  }

  private static Outcome outcome(SamplingWork.Agreement agreement, double bound) {
    return new Compared(agreement.difference(), bound, agreement.detail());
  }

  /// The first sample of each prompt is paired with each of the others.
  private static Outcome trained(Drawn drawn, double bound) {
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < drawn.prompts.size(); i++) {
      List<Sample> samples = drawn.samples.get(i);
      Sample chosen = samples.getFirst();
      for (Sample rejected : samples.subList(1, samples.size())) {
        pairs.add(
            new Pair(
                drawn.prompts.get(i),
                chosen.ids(),
                rejected.ids(),
                chosen.logProb(),
                rejected.logProb()));
      }
    }
    TrainerSettings settings =
        new TrainerSettings(
            TOKEN_BUDGET, Llama.Activations.KEPT, new AdamWSettings(0.9, 0.95, 1e-8, 0, 1));
    StepResult step =
        new Trainer<>(
                drawn.backend,
                drawn.model.parameters(),
                new IrpoLoss(RunConfig.of(Preset.PAPER_V1).loss()),
                settings)
            .evaluate(pairs);
    return compared(pairs, step.of(Pair.CHOSEN), step.of(Pair.REJECTED), bound * TOKENS);
  }

  private static Outcome compared(
      List<Pair> pairs, float[] chosen, float[] rejected, double bound) {
    Compared worst = null;
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      Compared ofChosen = difference(pair.chosenReference(), chosen[i], bound);
      Compared ofRejected = difference(pair.rejectedReference(), rejected[i], bound);
      for (Compared found : List.of(ofChosen, ofRejected)) {
        worst = worst == null || found.difference() > worst.difference() ? found : worst;
      }
    }
    return worst;
  }

  private static Compared difference(float sampled, float trained, double bound) {
    double found = Math.abs((double) sampled - trained);
    return new Compared(
        Double.isFinite(found) ? found : Double.POSITIVE_INFINITY,
        bound,
        "a response was drawn with log-probability %s, the trainer gives %s"
            .formatted(sampled, trained));
  }
}
