package dev.irpo.run;

import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.config.RunConfig;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.plan.Cost;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.StageCosts;
import dev.irpo.task.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/// Measures log-probabilities of `evaluate.pairs` pairs, spread over all, under M_{t−1} and every
/// checkpoint of the training (arXiv:2404.19733, figures 2 and 3, of which the pairs of each step
/// are others).
///
/// @param pair whose pairs
/// @param train whose checkpoints
record LogProbStage(RunConfig config, RunFolder folder, PairStage pair, TrainStage train)
    implements Stage {
  private static final System.Logger LOG = System.getLogger(LogProbStage.class.getName());

  int iteration() {
    return pair.sample().iteration();
  }

  private Path file() {
    return folder.logProbs(iteration());
  }

  @Override
  public String name() {
    return "iteration " + iteration() + " log-probabilities";
  }

  @Override
  public List<Stage> needs() {
    List<Stage> needs = new ArrayList<>(pair.sample().needs()); // M_{t−1}
    needs.add(pair);
    needs.add(train);
    return needs;
  }

  @Override
  public Optional<List<Path>> writes() {
    return Optional.of(List.of(file()));
  }

  /// Once M_t is there, making it again could take training again; a report does without it.
  @Override
  public void verify() throws IOException {
    try {
      RunFolder.verifyJson(file(), MeasuredLogProbs.class);
    } catch (DamagedException e) {
      if (!Files.exists(folder.model(iteration()))) {
        throw e;
      }
      LOG.log(
          System.Logger.Level.WARNING,
          e.fact() + "; delete it, and the training is repeated to make it again");
    }
  }

  @Override
  public boolean makes(Path path) {
    return path.equals(file());
  }

  @Override
  public Cost cost(StageCosts costs) {
    PromptCounts counts = costs.of(Split.TRAIN);
    int models = 1 + train.stops(train.mostSteps(costs)).size();
    long pairs = Math.min(config.evaluate().pairs(), pair.mostPairs(costs));
    String name = "measure %d checkpoints".formatted(models);
    return costs.scoring(counts).doing(costs.scorePairs(name, counts, pairs).times(models));
  }

  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public void run(Session session) throws IOException {
    List<PreferencePair> measured = measured(session.together(pair::pairs));
    int last = session.together(() -> train.length().orElseThrow().step());
    SortedSet<Integer> steps = new TreeSet<>(train.stops(last));
    steps.add(0);
    List<MeasuredLogProbs.AtStep> means = new ArrayList<>();
    try (Progress.Bar bar = session.progress().begin(name(), steps.size())) {
      for (int step : steps) {
        var _ = session.sharedModelAt(step == 0 ? start() : train.files().checkpoint(step));
        List<PreferencePair> scored =
            PairFile.withReference(measured, session.reference((_, _) -> {}));
        double chosen = mean(scored, PreferencePair::chosenReferenceLogProb);
        double rejected = mean(scored, PreferencePair::rejectedReferenceLogProb);
        means.add(new MeasuredLogProbs.AtStep(step, chosen, rejected));
        bar.at(
            means.size(),
            String.format(Locale.ROOT, "chosen %.3f, rejected %.3f", chosen, rejected));
      }
    }
    session.first(() -> {
      RunFolder.writeJson(file(), new MeasuredLogProbs(measured.size(), means));
      train.prune();
    });
  }

  private Path start() {
    return folder.model(iteration() - 1);
  }

  private List<PreferencePair> measured(List<PreferencePair> all) {
    int count = Math.min(config.evaluate().pairs(), all.size());
    return IntStream.range(0, count)
        .mapToObj(i -> all.get(Math.toIntExact((long) i * all.size() / count)))
        .toList();
  }

  private static double mean(List<PreferencePair> pairs, ToDoubleFunction<PreferencePair> logProb) {
    return pairs.stream().mapToDouble(logProb).average().orElseThrow();
  }
}
