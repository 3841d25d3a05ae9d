package dev.irpo.run;

import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.files.DamagedException;
import dev.irpo.checkpoints.files.SummedText;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.config.AdapterSettings;
import dev.irpo.config.PairSettings;
import dev.irpo.config.RunConfig;
import dev.irpo.pair.Candidate;
import dev.irpo.pair.DropReason;
import dev.irpo.pair.PairBuilder;
import dev.irpo.pair.PairDraw;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.plan.Cost;
import dev.irpo.plan.PromptCounts;
import dev.irpo.plan.Purpose;
import dev.irpo.plan.StageCosts;
import dev.irpo.plan.Work;
import dev.irpo.rollout.Rollout;
import dev.irpo.task.Problem;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.LogProbs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;

/// Builds pairs of graded responses: those of an earlier stage first, `pairs.atMost` of them all.
///
/// Reference log-probabilities are not computed again: sampled responses carry those that were
/// recorded while sampling, which are the scorer's to the bit unless something else sampled; gold
/// responses get theirs from the scorer.
///
/// @param sample whose rollouts are paired
/// @param earlier whose pairs come first
record PairStage(RunConfig config, SampleStage sample, Optional<PairStage> earlier)
    implements Stage {
  @Override
  public String name() {
    return "iteration " + sample.iteration() + (earlier.isPresent() ? " retrain pair" : " pair");
  }

  @Override
  public List<Stage> needs() {
    List<Stage> needs = new ArrayList<>(sample.needs()); // scores with M_{t−1}
    needs.add(sample);
    earlier.ifPresent(needs::add);
    return needs;
  }

  @Override
  public Optional<List<Path>> writes() {
    return Optional.of(files());
  }

  private List<Path> files() {
    RolloutFolder files = sample.files();
    return List.of(files.dropped(), files.counts(), files.pairs());
  }

  @Override
  public void verify() throws IOException {
    RolloutFolder files = sample.files();
    RunFolder.verifyJson(files.counts(), RolloutCounts.class);
    if (Files.exists(files.pairs())) {
      TableReader.verify(files.pairs());
    }
    if (Files.exists(files.dropped()) && Files.exists(files.counts())) {
      int lines = SummedText.requireWholeLines(files.dropped()).size();
      int dropped = RunFolder.readJson(files.counts(), RolloutCounts.class).droppedPrompts();
      if (lines != dropped) {
        throw new DamagedException(
            files.dropped(),
            "%s: has %d lines, %s says %d"
                .formatted(files.dropped(), lines, files.counts().getFileName(), dropped),
            "put a copy of it back",
            null);
      }
    }
  }

  /// All of them score.
  @Override
  public boolean isShared() {
    return true;
  }

  @Override
  public boolean makes(Path path) {
    return files().contains(path);
  }

  /// Prompts of all its pairs, those of the earlier stage among them.
  PromptCounts counts(StageCosts costs) {
    PromptCounts own = costs.of(sample.split());
    return earlier.map(stage -> stage.counts(costs).plus(own)).orElse(own);
  }

  /// Most pairs that there can be.
  long mostPairs(StageCosts costs) {
    return mostOf(counts(costs));
  }

  private long mostOf(PromptCounts prompts) {
    int each = isOfGold() ? 1 : config.pairs().perPrompt();
    long built = (long) prompts.problems() * each;
    int most = config.pairs().atMost();
    return most > 0 ? Math.min(built, most) : built;
  }

  @Override
  public Cost cost(StageCosts costs) {
    PromptCounts own = costs.of(sample.split());
    PromptCounts all = counts(costs);
    long pairs = mostPairs(costs);
    long bytes = costs.pairBytes(all, pairs);
    long tokens = Math.round(pairs * StageCosts.pairTokens(all));
    return scoring(own, costs)
        .inMemory(Purpose.ROLLOUTS, costs.rolloutBytes(own) + bytes)
        .onDisk(Purpose.ROLLOUTS, bytes)
        .doing(new Work(Work.Kind.PAIR, "pair", pairs, "pairs", tokens, Work.Amount.NONE));
  }

  /// If the loss reads the reference, gold solutions are scored, and the pairs that are drawn once
  /// more if they were sampled with rounded or merged weights or by another model.
  private Cost scoring(PromptCounts own, StageCosts costs) {
    boolean isAgain =
        costs.device().roundsWeights()
            || config.pairs().scoreSamples()
            || config.adapter().merge() == AdapterSettings.Merge.SAMPLING;
    if (!PreferenceTraining.needsReference(config) || (own.goldSolutions() == 0 && !isAgain)) {
      return Cost.NONE;
    }
    String gold = earlier.isPresent() ? "score held-out solutions" : "score gold solutions";
    Cost cost = costs.scoring(own).doing(costs.score(gold, own));
    String again = earlier.isPresent() ? "score held-out pairs" : "score pairs again";
    return isAgain ? cost.doing(costs.scorePairs(again, own, mostOf(own))) : cost;
  }

  @Override
  public void run(Session session) throws IOException {
    var _ = session.sharedModelAt(sample.folder().model(sample.iteration() - 1));
    List<Rollout> rollouts = session.together(sample::rollouts);
    List<PreferencePair> built = new ArrayList<>();
    List<PairBuilder.Outcome.Dropped> dropped = new ArrayList<>();
    for (PairBuilder.Outcome outcome : outcomes(session, rollouts)) {
      switch (outcome) {
        case PairBuilder.Outcome.Pairs(List<PreferencePair> pairs) -> built.addAll(pairs);
        case PairBuilder.Outcome.Dropped drop -> dropped.add(drop);
      }
    }
    long key = CounterRandom.key(config.seed(), "pair.draw");
    PairDraw draw =
        new PairDraw(config.pairs().atMost(), CounterRandom.key(key, sample.iteration()));
    List<PreferencePair> drawn = draw.of(built);
    boolean isRecorded =
        !session.backend().traits().roundsWeights()
            && !config.pairs().scoreSamples()
            && !new MergedModel(config, sample.folder(), sample.iteration()).isWanted();
    if (!isRecorded && session.needsReference()) {
      try (ScoringBar bar = new ScoringBar(session.progress(), name() + ", score pairs")) {
        drawn = PairFile.withReference(drawn, session.reference(bar)); // not those of other weights
      }
    }
    List<PreferencePair> all =
        new ArrayList<>(
            session.together(() -> earlier.isPresent() ? earlier.get().pairs() : List.of()));
    int notDrawn = all.size() + built.size();
    all.addAll(drawn);
    List<PreferencePair> kept = draw.of(all);
    session.first(() -> write(rollouts, dropped, kept, notDrawn - kept.size()));
  }

  /// The pairs last: where they are, everything is.
  private void write(
      List<Rollout> rollouts,
      List<PairBuilder.Outcome.Dropped> dropped,
      List<PreferencePair> kept,
      int notDrawn)
      throws IOException {
    Map<String, Integer> reasons = new TreeMap<>();
    dropped.forEach(drop -> reasons.merge(drop.reason().toString(), 1, Integer::sum));
    writeDropped(dropped, sample.files().dropped());
    RunFolder.writeJson(
        sample.files().counts(),
        new RolloutCounts(
            rollouts.size(),
            (int) rollouts.stream().filter(this::isWinner).count(),
            kept.size(),
            notDrawn,
            new TreeMap<>(reasons)));
    TableWriter.writeAll(sample.files().pairs(), PreferencePair.SCHEMA, kept);
  }

  /// The pairs, once they are there.
  ///
  /// @throws IllegalArgumentException if there is none
  List<PreferencePair> pairs() throws IOException {
    Path file = sample.files().pairs();
    List<PreferencePair> pairs = TableReader.readAll(file, PreferencePair::of);
    if (pairs.isEmpty()) {
      RolloutCounts counts = RunFolder.readJson(sample.files().counts(), RolloutCounts.class);
      throw new IllegalArgumentException(
          "%s: no prompt gave a pair (dropped: %s); use another temperature or other problems"
              .formatted(file, counts.droppedText()));
    }
    return pairs;
  }

  /// What each problem gives, in their order.
  private List<PairBuilder.Outcome> outcomes(Session session, List<Rollout> rollouts) {
    Map<Integer, List<Rollout>> byProblem = new LinkedHashMap<>();
    rollouts.forEach(r -> byProblem.computeIfAbsent(r.problem(), key -> new ArrayList<>()).add(r));
    List<Problem> problems = session.problems(sample.split());
    int first = session.firstProblem(sample.split());
    Map<Integer, Candidate> gold = gold(session);
    int limit = session.model().config().maxPositions();
    int wanted = config.pairs().maxTokens();
    PairBuilder builder =
        new PairBuilder(
            config.pairs().perPrompt(),
            wanted > 0 ? Math.min(wanted, limit) : limit,
            config.pairs().removeDuplicates());
    if (isOfGold()) {
      return gold.entrySet().stream()
          .map(entry ->
              builder.ofGold(
                  problems.get(entry.getKey()).id(),
                  session.prompts().ids(problems.get(entry.getKey())),
                  entry.getValue()))
          .toList();
    }
    List<PairBuilder.Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < problems.size(); i++) {
      List<Rollout> sampled = byProblem.getOrDefault(first + i, List.of());
      outcomes.add(outcome(builder, problems.get(i).id(), sampled, gold.get(i)));
    }
    return outcomes;
  }

  private Map<Integer, Candidate> gold(Session session) {
    if (!config.pairs().goldAmongWinners() && !isOfGold()) {
      return Map.of();
    }
    try (ScoringBar bar = new ScoringBar(session.progress(), name() + ", score solutions")) {
      return GoldSolutions.of(session, sample.split(), bar);
    }
  }

  private PairBuilder.Outcome outcome(
      PairBuilder builder, String problemId, List<Rollout> rollouts, Candidate gold) {
    if (rollouts.isEmpty()) {
      return new PairBuilder.Outcome.Dropped(problemId, DropReason.TOO_LONG);
    }
    List<Candidate> winners = new ArrayList<>();
    List<Candidate> losers = new ArrayList<>();
    if (gold != null) {
      winners.add(gold);
    }
    for (Rollout rollout : rollouts) {
      float logProb = LogProbs.sum(rollout.tokenLogProbs());
      Candidate candidate = new Candidate(rollout.sample(), rollout.responseIds(), logProb);
      (isWinner(rollout) ? winners : losers).add(candidate);
    }
    return builder.build(problemId, rollouts.getFirst().promptIds(), winners, losers);
  }

  private boolean isOfGold() {
    return config.pairs().source() == PairSettings.Source.GOLD;
  }

  private boolean isWinner(Rollout rollout) {
    return config.pairs().isWinner(rollout.reward());
  }

  private static void writeDropped(List<PairBuilder.Outcome.Dropped> dropped, Path file)
      throws IOException {
    StringBuilder lines = new StringBuilder();
    for (PairBuilder.Outcome.Dropped drop : dropped) {
      SequencedMap<String, String> line = new LinkedHashMap<>();
      line.put("problemId", drop.problemId());
      line.put("reason", drop.reason().toString());
      lines.append(SummedText.jsonLine(line));
    }
    AtomicFiles.writeFile(file, temporary -> Files.writeString(temporary, lines));
  }
}
