package dev.irpo.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.files.AtomicFiles;
import dev.irpo.checkpoints.table.TableReader;
import dev.irpo.checkpoints.table.TableWriter;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.Candidate;
import dev.irpo.pair.DropReason;
import dev.irpo.pair.PairBuilder;
import dev.irpo.pair.PairDraw;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.task.Task;
import dev.irpo.tensor.Backend;
import dev.irpo.train.PreferenceTraining;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.LogProbs;
import dev.irpo.transformer.score.Scorer;
import dev.irpo.transformer.score.Sequence;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Samples and grades responses of the reference, part by part, and builds pairs of them.
///
/// Reference log-probabilities are not computed again: sampled responses carry those that were
/// recorded while sampling, which are the scorer's to the bit; gold responses get theirs from the
/// scorer.
final class RolloutStage {
  /// Problems of a part; what is lost when a run is killed while sampling.
  private static final int PART_PROBLEMS = 100;

  private final RunConfig config;
  private final Backend backend;
  private final Task task;
  private final RolloutSampler sampler;
  private final Progress progress;
  private Scorer scorer;

  RolloutStage(
      RunConfig config, Backend backend, Task task, RolloutSampler sampler, Progress progress) {
    this.config = config;
    this.backend = backend;
    this.task = task;
    this.sampler = sampler;
    this.progress = progress;
  }

  /// The pairs to train on in an iteration, from the run folder if they are there: those of an
  /// earlier stage, then those of the problems asked here, `pairs.atMost` of them all.
  List<PreferencePair> pairs(
      LanguageModel reference, int iteration, AskedProblems asked, List<PreferencePair> earlier)
      throws IOException {
    RolloutFolder files = asked.files();
    if (!Files.exists(files.pairs())) {
      build(reference, rollouts(iteration, asked), iteration, asked, earlier);
    }
    List<PreferencePair> pairs = TableReader.readAll(files.pairs(), PreferencePair::of);
    if (pairs.isEmpty()) {
      RolloutCounts counts = RunFolder.readJson(files.counts(), RolloutCounts.class);
      throw new IllegalArgumentException(
          "%s: no prompt gave a pair (dropped: %s); use another temperature or other problems"
              .formatted(files.pairs(), counts.droppedText()));
    }
    return pairs;
  }

  private List<Rollout> rollouts(int iteration, AskedProblems asked) throws IOException {
    int perPrompt = config.rollouts().perPrompt();
    RolloutSampler.Plan plan =
        new RolloutSampler.Plan(
            perPrompt,
            config.rollouts().temperatureOf(iteration),
            config.rollouts().topK(),
            config.rollouts().topP(),
            config.rollouts().maxNewTokens(),
            CounterRandom.key(config.seed(), "rollouts"),
            iteration);
    List<Problem> problems = asked.problems();
    List<Rollout> all = new ArrayList<>();
    long total = (long) problems.size() * perPrompt;
    try (Progress.Bar bar = progress.begin(asked.stage(), total)) {
      for (int part = 0; part * PART_PROBLEMS < problems.size(); part++) {
        int begin = part * PART_PROBLEMS;
        int end = Math.min(problems.size(), begin + PART_PROBLEMS);
        Path file = asked.files().part(part);
        if (!Files.exists(file)) {
          long before = (long) begin * perPrompt;
          List<Rollout> sampled =
              sampler.sample(
                  problems.subList(begin, end),
                  asked.first() + begin,
                  plan,
                  done -> bar.at(before + done, ""));
          TableWriter.writeAll(file, Rollout.SCHEMA, sampled);
        }
        all.addAll(TableReader.readAll(file, Rollout::of));
        bar.at((long) end * perPrompt, "");
      }
    }
    return all;
  }

  private void build(
      LanguageModel reference,
      List<Rollout> rollouts,
      int iteration,
      AskedProblems asked,
      List<PreferencePair> earlier)
      throws IOException {
    List<PreferencePair> built = new ArrayList<>();
    List<PairBuilder.Outcome.Dropped> dropped = new ArrayList<>();
    for (PairBuilder.Outcome outcome : outcomes(reference, rollouts, asked)) {
      switch (outcome) {
        case PairBuilder.Outcome.Pairs(List<PreferencePair> pairs) -> built.addAll(pairs);
        case PairBuilder.Outcome.Dropped drop -> dropped.add(drop);
      }
    }
    long drawKey = CounterRandom.key(CounterRandom.key(config.seed(), "pair.draw"), iteration);
    PairDraw draw = new PairDraw(config.pairs().atMost(), drawKey);
    List<PreferencePair> drawn = draw.of(built);
    if (backend.traits().roundsWeights() && PreferenceTraining.needsReference(config)) {
      drawn = PairFile.withReference(drawn, scorer(reference)); // not those of rounded weights
    }
    List<PreferencePair> all = new ArrayList<>(earlier);
    all.addAll(drawn);
    List<PreferencePair> kept = draw.of(all);
    Map<String, Integer> reasons = new TreeMap<>();
    dropped.forEach(drop -> reasons.merge(drop.reason().toString(), 1, Integer::sum));
    writeDropped(dropped, asked.files().dropped());
    RunFolder.writeJson(
        asked.files().counts(),
        new RolloutCounts(
            rollouts.size(),
            (int) rollouts.stream().filter(this::isWinner).count(),
            kept.size(),
            earlier.size() + built.size() - kept.size(),
            new TreeMap<>(reasons)));
    TableWriter.writeAll(asked.files().pairs(), PreferencePair.SCHEMA, kept);
  }

  /// What each problem gives, in their order.
  private List<PairBuilder.Outcome> outcomes(
      LanguageModel reference, List<Rollout> rollouts, AskedProblems asked) {
    Map<Integer, List<Rollout>> byProblem = new LinkedHashMap<>();
    rollouts.forEach(r -> byProblem.computeIfAbsent(r.problem(), key -> new ArrayList<>()).add(r));
    List<Problem> problems = asked.problems();
    Map<Integer, Candidate> gold = gold(reference, problems);
    int limit = reference.config().maxPositions();
    int wanted = config.pairs().maxTokens();
    PairBuilder builder =
        new PairBuilder(
            config.pairs().perPrompt(),
            wanted > 0 ? Math.min(wanted, limit) : limit,
            config.pairs().removeDuplicates());
    List<PairBuilder.Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < problems.size(); i++) {
      List<Rollout> sampled = byProblem.getOrDefault(asked.first() + i, List.of());
      outcomes.add(outcome(builder, problems.get(i).id(), sampled, gold.get(i)));
    }
    return outcomes;
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

  private boolean isWinner(Rollout rollout) {
    return config.pairs().isWinner(rollout.reward());
  }

  /// Gold responses by problem, scored under the reference if the loss reads it; none where the
  /// task has none or the configuration does not want them.
  private Map<Integer, Candidate> gold(LanguageModel reference, List<Problem> problems) {
    Map<Integer, Candidate> gold = new LinkedHashMap<>();
    if (!config.pairs().goldAmongWinners()) {
      return gold;
    }
    List<Integer> indices = new ArrayList<>();
    List<Sequence> sequences = new ArrayList<>();
    for (int i = 0; i < problems.size(); i++) {
      Optional<String> response = task.goldResponse(problems.get(i));
      if (response.isPresent()) {
        int[] prompt = reference.promptIds(task.prompt(problems.get(i)));
        int[] ids = reference.finishedResponseIds(response.get());
        if (prompt.length + ids.length <= reference.config().maxPositions()) {
          indices.add(i);
          sequences.add(new Sequence(prompt, ids));
        } else {
          gold.put(i, new Candidate(PreferencePair.GOLD, ids, Float.NaN)); // dropped as too long
        }
      }
    }
    boolean needsReference = PreferenceTraining.needsReference(config);
    var scores = needsReference ? scorer(reference).score(sequences) : null;
    for (int k = 0; k < indices.size(); k++) {
      float logProb = needsReference ? scores.get(k).logProb() : Float.NaN;
      int[] ids = sequences.get(k).response();
      gold.put(indices.get(k), new Candidate(PreferencePair.GOLD, ids, logProb));
    }
    return gold;
  }

  private Scorer scorer(LanguageModel reference) {
    if (scorer == null) {
      scorer = new Scorer(backend, reference.parameters(), config.train().tokenBudget());
    }
    return scorer;
  }

  private static void writeDropped(List<PairBuilder.Outcome.Dropped> dropped, Path file)
      throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    StringBuilder lines = new StringBuilder();
    for (PairBuilder.Outcome.Dropped drop : dropped) {
      lines
          .append(
              mapper
                  .createObjectNode()
                  .put("problemId", drop.problemId())
                  .put("reason", drop.reason().toString()))
          .append('\n');
    }
    AtomicFiles.writeFile(file, temporary -> Files.writeString(temporary, lines));
  }
}
