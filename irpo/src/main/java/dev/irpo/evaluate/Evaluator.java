package dev.irpo.evaluate;

import dev.irpo.config.EvaluateSettings;
import dev.irpo.config.RolloutSettings;
import dev.irpo.rollout.Rollout;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.task.Problem;
import dev.irpo.transformer.CounterRandom;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/// Measures accuracy: of the greedy response, and of the answer that most samples give.
public final class Evaluator {
  private final RolloutSampler sampler;
  private final RolloutSettings rollouts;
  private final EvaluateSettings settings;
  private final long seed;

  /// An evaluator of the sampler's model.
  public Evaluator(
      RolloutSampler sampler, RolloutSettings rollouts, EvaluateSettings settings, long seed) {
    this.sampler = sampler;
    this.rollouts = rollouts;
    this.settings = settings;
    this.seed = seed;
  }

  /// Samples that vote on a problem; 0 for no vote.
  public int majoritySamples() {
    return settings.majoritySamples();
  }

  /// Accuracy of the greedy responses.
  public Accuracy greedy(List<Problem> problems, LongConsumer progress) {
    List<Rollout> responses = sample(problems, 1, 0, progress);
    int correct = responses.stream().mapToInt(Rollout::reward).sum();
    return new Accuracy(correct, problems.size());
  }

  /// Accuracy of the answer that most of `evaluate.majoritySamples` samples give; of equally
  /// frequent answers the one that was sampled first. Samples without an answer do not vote.
  public Accuracy majority(List<Problem> problems, LongConsumer progress) {
    List<Rollout> responses =
        sample(problems, settings.majoritySamples(), settings.majorityTemperature(), progress);
    Map<Integer, Map<String, Integer>> votes = new LinkedHashMap<>();
    Map<Integer, Set<String>> right = new HashMap<>();
    for (Rollout response : responses) {
      response
          .extracted()
          .ifPresent(answer -> {
            votes
                .computeIfAbsent(response.problem(), key -> new LinkedHashMap<>())
                .merge(answer, 1, Integer::sum);
            if (response.isWinner()) {
              right.computeIfAbsent(response.problem(), key -> new HashSet<>()).add(answer);
            }
          });
    }
    int correct = 0;
    for (var entry : votes.entrySet()) {
      Optional<String> winner = winner(entry.getValue());
      if (winner.filter(right.getOrDefault(entry.getKey(), Set.of())::contains).isPresent()) {
        correct++;
      }
    }
    return new Accuracy(correct, problems.size());
  }

  static Optional<String> winner(Map<String, Integer> counts) {
    String best = null;
    for (var entry : counts.entrySet()) {
      if (best == null || entry.getValue() > counts.get(best)) {
        best = entry.getKey();
      }
    }
    return Optional.ofNullable(best);
  }

  private List<Rollout> sample(
      List<Problem> problems, int perPrompt, double temperature, LongConsumer progress) {
    RolloutSampler.Plan plan =
        new RolloutSampler.Plan(
            perPrompt,
            temperature,
            0,
            1,
            rollouts.maxNewTokens(),
            CounterRandom.key(seed, "evaluate"),
            0);
    return sampler.sample(problems, 0, plan, progress);
  }
}
