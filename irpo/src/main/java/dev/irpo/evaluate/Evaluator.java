package dev.irpo.evaluate;

import dev.irpo.config.RunConfig;
import dev.irpo.rollout.RolloutSampler;
import dev.irpo.rollout.Turns;
import dev.irpo.task.Problem;
import dev.irpo.transformer.CounterRandom;
import dev.irpo.transformer.parallel.Replicas;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

/// Measures accuracy: of the greedy response, and of the answer that most samples give.
public final class Evaluator {
  private final RolloutSampler sampler;
  private final RunConfig config;
  private final Replicas replicas;

  /// An evaluator of the sampler's model, of which replicas share the problems.
  public Evaluator(RolloutSampler sampler, RunConfig config, Replicas replicas) {
    this.sampler = sampler;
    this.config = config;
    this.replicas = replicas;
  }

  /// Samples that vote on a problem; 0 for no vote.
  public int majoritySamples() {
    return config.evaluate().majoritySamples();
  }

  /// Accuracy of the greedy responses.
  public Accuracy greedy(List<Problem> problems, SoFar.Listener listener) {
    List<Verdict> responses =
        sample(problems, 1, 0, samples -> samples.stream().allMatch(this::isRight), listener);
    long correct = responses.stream().filter(this::isRight).count();
    return new Accuracy((int) correct, problems.size());
  }

  /// Accuracy of the answer that most of `evaluate.majoritySamples` samples give, and of the
  /// samples themselves. Of equally frequent answers the one that was sampled first counts; samples
  /// without an answer do not vote.
  ///
  /// @param listener is told of the majority's accuracy
  public SampledAccuracy sampled(List<Problem> problems, SoFar.Listener listener) {
    List<Verdict> responses =
        sample(
            problems,
            config.evaluate().majoritySamples(),
            config.evaluate().majorityTemperature(),
            this::isMajorityRight,
            listener);
    Map<Integer, List<Verdict>> byProblem = new LinkedHashMap<>();
    int[] rightSamples = new int[problems.size()];
    for (Verdict response : responses) {
      rightSamples[response.problem()] += isRight(response) ? 1 : 0;
      byProblem.computeIfAbsent(response.problem(), key -> new ArrayList<>()).add(response);
    }
    long correct = byProblem.values().stream().filter(this::isMajorityRight).count();
    return new SampledAccuracy(
        new Accuracy((int) correct, problems.size()),
        PassRate.of(
            Arrays.stream(rightSamples).boxed().toList(), config.evaluate().majoritySamples()));
  }

  /// Whether the answer that most of a problem's samples give is right in one of them.
  private boolean isMajorityRight(List<Verdict> samples) {
    Map<String, Integer> votes = new LinkedHashMap<>();
    Set<String> right = new HashSet<>();
    for (Verdict sample : samples) {
      sample
          .extracted()
          .ifPresent(answer -> {
            votes.merge(answer, 1, Integer::sum);
            if (isRight(sample)) {
              right.add(answer);
            }
          });
    }
    return winner(votes).filter(right::contains).isPresent();
  }

  private boolean isRight(Verdict response) {
    return config.evaluate().isCorrect(response.reward());
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

  /// Every process has all verdicts, in the order of problem and sample.
  ///
  /// @param isAnswered whether a problem's samples answer it rightly, which the listener is told
  private List<Verdict> sample(
      List<Problem> problems,
      int perPrompt,
      double temperature,
      Predicate<List<Verdict>> isAnswered,
      SoFar.Listener listener) {
    RolloutSampler.Plan plan =
        new RolloutSampler.Plan(
            perPrompt,
            temperature,
            0,
            1,
            config.rollouts().maxNewTokens(),
            CounterRandom.key(config.seed(), "evaluate"),
            0);
    List<Verdict> own = new ArrayList<>();
    Tally tally = new Tally(replicas.data(), perPrompt);
    sampler.sample(
        problems,
        0,
        new Turns<>(replicas, IntStream.range(0, problems.size()).boxed().toList()),
        plan,
        (_, responses) -> {
          List<Verdict> verdicts = responses.stream().map(Verdict::of).toList();
          own.addAll(verdicts);
          tally.add(isAnswered.test(verdicts));
        },
        responses -> listener.at(tally.soFar(responses)));
    tally.finish();
    return Verdict.ofAll(replicas.data(), own);
  }
}
