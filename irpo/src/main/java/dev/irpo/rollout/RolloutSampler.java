package dev.irpo.rollout;

import dev.irpo.model.LanguageModel;
import dev.irpo.reward.Grade;
import dev.irpo.task.Problem;
import dev.irpo.task.Task;
import dev.irpo.tensor.Backend;
import dev.irpo.transformer.NotFiniteException;
import dev.irpo.transformer.decode.DecodeLimits;
import dev.irpo.transformer.decode.GenerationRequest;
import dev.irpo.transformer.decode.Generator;
import dev.irpo.transformer.decode.Sample;
import dev.irpo.transformer.decode.Sampling;
import dev.irpo.transformer.decode.SamplingSettings;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/// Samples responses of a model to problems and grades them.
///
/// Keep it while the model's weights change: what it compiled serves all of them.
public final class RolloutSampler {
  private final LanguageModel model;
  private final Task task;
  private final Backend backend;
  private final Prompts prompts;
  private final int slots;
  private final int longestPrompt;
  private DecodeLimits limits;
  private Generator generator;

  /// A sampler of a model for a task.
  ///
  /// @param slots responses in progress at a time
  /// @param problems all that may be asked for
  public RolloutSampler(
      Backend backend, LanguageModel model, Prompts prompts, int slots, List<Problem> problems) {
    this.backend = backend;
    this.model = model;
    this.prompts = prompts;
    task = prompts.task();
    this.slots = slots;
    longestPrompt = prompts.longest(problems);
  }

  /// What is in progress at a time, however many responses each prompt gets: one for each takes the
  /// most, so its cache and programs serve rollouts, greedy responses and votes. With room for
  /// fewer prompts, greedy responses would leave slots empty, since each needs a prompt of its own;
  /// and a second cache for rollouts alone would come on top, as what is allocated stays until it
  /// is collected.
  public DecodeLimits limits(int maxNewTokens) {
    int newTokens = Math.min(maxNewTokens, model.config().maxPositions());
    return DecodeLimits.of(slots, 1, longestPrompt, newTokens);
  }

  private Generator generator(int maxNewTokens) {
    DecodeLimits wanted = limits(maxNewTokens);
    if (!wanted.equals(limits)) {
      generator = null; // its cache is free before the next one is taken
      generator = new Generator(backend, model.parameters(), wanted);
      limits = wanted;
    }
    return generator;
  }

  /// What is drawn.
  ///
  /// @param perPrompt N
  /// @param key keys the random numbers together with the problem and the sample
  /// @param iteration of the run
  public record Plan(
      int perPrompt,
      double temperature,
      int topK,
      double topP,
      int maxNewTokens,
      long key,
      int iteration) {}

  /// Told of each problem's responses once all of them are there.
  @FunctionalInterface
  public interface Listener {
    /// Takes the responses to a problem, in the order of samples.
    ///
    /// @param index of the problem in the list
    void sampled(int index, List<Rollout> responses);
  }

  /// Whether a prompt leaves room in the context.
  public boolean fits(Problem problem) {
    return prompts.ids(problem).length < model.config().maxPositions();
  }

  /// Samples N responses for each of some problems and grades them. A prompt that leaves no room in
  /// the context gives none.
  ///
  /// @param firstProblem index of the first problem in its split
  /// @param turns indices of the problems to sample for, asked for one by one as there is room
  /// @param progress told how many responses are finished
  /// @throws NotFiniteException naming the problem for which the model's logits are not finite
  public void sample(
      List<Problem> problems,
      int firstProblem,
      Iterator<Integer> turns,
      Plan plan,
      Listener listener,
      LongConsumer progress) {
    int maxNewTokens = Math.min(plan.maxNewTokens(), model.config().maxPositions());
    SamplingSettings settings =
        new SamplingSettings(
            plan.temperature(),
            plan.topK(),
            plan.topP(),
            maxNewTokens,
            prompts.stopIds(),
            model.drawable());
    Iterator<GenerationRequest> requests =
        Stream.generate(() -> 0)
            .takeWhile(_ -> turns.hasNext())
            .map(_ -> turns.next())
            .filter(index -> fits(problems.get(index)))
            .map(index ->
                new GenerationRequest(
                    firstProblem + index, prompts.ids(problems.get(index)), 0, plan.perPrompt()))
            .iterator();
    Sampling.Listener graded =
        new Sampling.Listener() {
          @Override
          public void finished(GenerationRequest request, List<Sample> samples) {
            int index = (int) request.problem() - firstProblem;
            Problem problem = problems.get(index);
            listener.sampled(
                index, samples.stream().map(sample -> grade(request, problem, sample)).toList());
          }

          @Override
          public void progress(long samples, long tokens) {
            progress.accept(samples);
          }
        };
    try {
      generator(maxNewTokens)
          .generate(requests, Sampling.of(settings, plan.key(), plan.iteration()), graded);
    } catch (NotFiniteException e) {
      throw e.in("problem " + problems.get((int) e.item() - firstProblem).id());
    }
  }

  private Rollout grade(GenerationRequest request, Problem problem, Sample sample) {
    boolean stopped = sample.finish() == Sample.Finish.STOP;
    String text = prompts.text().text(request.prompt(), sample.ids());
    Grade grade = task.grader().grade(text, problem.gold());
    Optional<String> extracted = stopped ? grade.extracted() : Optional.empty();
    return new Rollout(
        (int) request.problem(),
        problem.id(),
        sample.number(),
        request.prompt(),
        sample.ids(),
        sample.tokenLogProbs(),
        text,
        sample.finish().name().toLowerCase(Locale.ROOT),
        extracted,
        stopped ? grade.reward() : 0,
        task.grader().name());
  }
}
