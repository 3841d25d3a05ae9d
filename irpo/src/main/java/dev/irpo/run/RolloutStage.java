package dev.irpo.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.irpo.checkpoints.AtomicFiles;
import dev.irpo.checkpoints.TableReader;
import dev.irpo.checkpoints.TableWriter;
import dev.irpo.config.RunConfig;
import dev.irpo.model.LanguageModel;
import dev.irpo.pair.Candidate;
import dev.irpo.pair.DropReason;
import dev.irpo.pair.PairBuilder;
import dev.irpo.pair.PairFile;
import dev.irpo.pair.PreferencePair;
import dev.irpo.rollout.Rollout;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.task.Task;
import dev.irpo.tensor.Backend;
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
  private final RunFolder folder;
  private final Backend backend;
  private final Task task;
  private final List<Problem> problems;
  private final RolloutSampler sampler;
  private final Progress progress;
  private Scorer scorer;

  RolloutStage(
      RunConfig config,
      RunFolder folder,
      Backend backend,
      Task task,
      List<Problem> problems,
      RolloutSampler sampler,
      Progress progress) {
    this.config = config;
    this.folder = folder;
    this.backend = backend;
    this.task = task;
    this.problems = problems;
    this.sampler = sampler;
    this.progress = progress;
  }

  /// The pairs of an iteration, from the run folder if they are there.
  List<PreferencePair> pairs(LanguageModel reference, int iteration) throws IOException {
    Path file = folder.pairs(iteration);
    if (!Files.exists(file)) {
      build(reference, rollouts(iteration), iteration);
    }
    List<PreferencePair> pairs = TableReader.readAll(file, PreferencePair::of);
    if (pairs.isEmpty()) {
      RolloutCounts counts = RunFolder.readJson(folder.counts(iteration), RolloutCounts.class);
      throw new IllegalArgumentException(
          "%s: no prompt gave a pair (dropped: %s); use another temperature or other problems"
              .formatted(file, counts.droppedText()));
    }
    return pairs;
  }

  private List<Rollout> rollouts(int iteration) throws IOException {
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
    List<Rollout> all = new ArrayList<>();
    long total = (long) problems.size() * perPrompt;
    try (Progress.Bar bar = progress.begin("iteration " + iteration + " sample", total)) {
      for (int part = 0; part * PART_PROBLEMS < problems.size(); part++) {
        int first = part * PART_PROBLEMS;
        int end = Math.min(problems.size(), first + PART_PROBLEMS);
        Path file = folder.rolloutPart(iteration, part);
        if (!Files.exists(file)) {
          long before = (long) first * perPrompt;
          List<Rollout> sampled =
              sampler.sample(
                  problems.subList(first, end), first, plan, done -> bar.at(before + done, ""));
          TableWriter.writeAll(file, Rollout.SCHEMA, sampled);
        }
        all.addAll(TableReader.readAll(file, Rollout::of));
        bar.at((long) end * perPrompt, "");
      }
    }
    return all;
  }

  private void build(LanguageModel reference, List<Rollout> rollouts, int iteration)
      throws IOException {
    Map<Integer, List<Rollout>> byProblem = new LinkedHashMap<>();
    rollouts.forEach(r -> byProblem.computeIfAbsent(r.problem(), key -> new ArrayList<>()).add(r));
    Map<Integer, Candidate> gold = gold(reference);
    int limit = reference.config().maxPositions();
    int wanted = config.pairs().maxTokens();
    PairBuilder builder =
        new PairBuilder(
            config.pairs().perPrompt(),
            wanted > 0 ? Math.min(wanted, limit) : limit,
            config.pairs().removeDuplicates());
    List<PreferencePair> pairs = new ArrayList<>();
    List<PairBuilder.Outcome.Dropped> dropped = new ArrayList<>();
    for (int i = 0; i < problems.size(); i++) {
      switch (outcome(builder, i, byProblem.getOrDefault(i, List.of()), gold.get(i))) {
        case PairBuilder.Outcome.Pairs(List<PreferencePair> built) -> pairs.addAll(built);
        case PairBuilder.Outcome.Dropped drop -> dropped.add(drop);
      }
    }
    if (backend.roundsWeights()) {
      pairs = PairFile.withReference(pairs, scorer(reference)); // not those of rounded weights
    }
    int correct = rollouts.stream().mapToInt(Rollout::reward).sum();
    Map<String, Integer> reasons = new TreeMap<>();
    dropped.forEach(drop -> reasons.merge(drop.reason().toString(), 1, Integer::sum));
    writeDropped(dropped, iteration);
    RunFolder.writeJson(
        folder.counts(iteration),
        new RolloutCounts(rollouts.size(), correct, pairs.size(), new TreeMap<>(reasons)));
    TableWriter.writeAll(folder.pairs(iteration), PreferencePair.SCHEMA, pairs);
  }

  private PairBuilder.Outcome outcome(
      PairBuilder builder, int index, List<Rollout> rollouts, Candidate gold) {
    String problemId = problems.get(index).id();
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
      (rollout.isWinner() ? winners : losers).add(candidate);
    }
    return builder.build(problemId, rollouts.getFirst().promptIds(), winners, losers);
  }

  /// Gold responses by problem, scored under the reference; none where the task has none or the
  /// configuration does not want them.
  private Map<Integer, Candidate> gold(LanguageModel reference) {
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
    var scores = scorer(reference).score(sequences);
    for (int k = 0; k < indices.size(); k++) {
      float logProb = scores.get(k).logProb();
      int[] ids = sequences.get(k).response();
      gold.put(indices.get(k), new Candidate(PreferencePair.GOLD, ids, logProb));
    }
    return gold;
  }

  private Scorer scorer(LanguageModel reference) {
    if (scorer == null) {
      int budget = Math.max(config.train().tokenBudget(), reference.config().maxPositions());
      scorer = new Scorer(backend, reference.parameters(), budget);
    }
    return scorer;
  }

  private void writeDropped(List<PairBuilder.Outcome.Dropped> dropped, int iteration)
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
    AtomicFiles.writeFile(
        folder.dropped(iteration), temporary -> Files.writeString(temporary, lines));
  }
}
